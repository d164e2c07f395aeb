"""What is wrong with a registration, as people read it: at the field, or by the rows of a file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from defacewatch.language import N_
from defacewatch.registering import Step, Wrong
from defacewatch.web.words import Words

FIELDS: Mapping[str, str] = {
    "key": N_("Key"),
    "name": N_("Name"),
    "owner": N_("Governing body"),
    "operator": N_("Operating unit"),
    "level": N_("Security level"),
    "critical": N_("Critical"),
    "tags": N_("Tags"),
    "changed_urgency": N_("Unusual change is told"),
    "defaced_urgency": N_("Suspected attack is told"),
    "contacts": N_("Contacts"),
    "phone": N_("Telephone"),
    "email": N_("E-mail"),
    "pages": N_("Pages"),
    "url": N_("Address"),
    "probe_every": N_("Probe every"),
    "render_every": N_("Capture every"),
}
TAKES: Mapping[str, str] = {
    "key": N_("small letters, digits, - _ and . (at most 64), such as hung-yen"),
    "name": N_("one line of at most 500 characters"),
    "owner": N_("one line of at most 500 characters"),
    "operator": N_("one line of at most 500 characters"),
    "phone": N_("one line of at most 500 characters"),
    "level": N_("a whole number from 1 to 5"),
    "critical": N_("true or false"),
    "tags": N_("at most 20 tags of at most 40 characters each"),
    "changed_urgency": N_("high or normal"),
    "defaced_urgency": N_("high or normal"),
    "email": N_("an e-mail address such as an@example.gov.vn"),
    "pages": N_("at least one page"),
    "url": N_("an address with http:// or https:// in front, without a user name"),
    "probe_every": N_("a time from a second to an hour, such as 30s or 10m"),
    "render_every": N_("a time from a second to 24 hours, such as 30m or 2h"),
}
KINDS: Mapping[str, str] = {
    "utf-16": N_("The file is saved as UTF-16, or is no text. Save it as “CSV UTF-8” and try again."),
    "encoding": N_("The file is saved in an old code (such as TCVN3 or Windows-1258). Save it as UTF-8."),
    "large": N_("The file is too large: at most 1 MB."),
    "much": N_("The file holds too much: at most 5,000 pages and 20,000 values. Part it into several."),
    "more": N_("There is more that is wrong. These are the first 200."),
    "ending": N_("Only .csv, .yaml and .yml files are taken."),
    "yaml": N_("This is not valid YAML."),
    "csv": N_("This is not valid CSV: is a quotation mark missing?"),
    "columns": N_(
        "The first row has to name the columns: key, name, url;"
        " where wanted owner, operator, level, critical, tags."
    ),
    "values": N_("The row has more values than there are columns: is a quotation mark missing?"),
    "differs": N_("It is another value than in the first row of this portal."),
}
MISSING = N_("It is missing.")
TWICE = N_("It is there already; once is enough.")
UNKNOWN = N_("Nothing is known by this name.")
EXPECTED = N_("Expected: {what}.")


@dataclass(frozen=True)
class Row:
    """One thing that is wrong with a file: its line (0: all of it), field and text, and what exactly the
    reader of files said."""

    line: int
    field: str
    text: str
    exactly: str


def sentence(wrong: Wrong, words: Words) -> str:
    """What is wrong, in the reader's language."""
    if wrong.kind:
        return words._(KINDS.get(wrong.kind, wrong.text))
    if "is missing" in wrong.text:
        return words._(MISSING)
    if "already" in wrong.text:
        return words._(TWICE)
    if "unknown key" in wrong.text:
        return words._(UNKNOWN)
    if wrong.field in TAKES:
        return words._(EXPECTED).format(what=words._(TAKES[wrong.field]))
    return words.text(wrong.text)


def by_field(wrongs: Iterable[Wrong], words: Words) -> dict[str, str]:
    """The sentences of a form, by the names of its fields: 'name', 'pages-0-url'. The first one counts."""
    found: dict[str, str] = {}
    for wrong in wrongs:
        found.setdefault(_input(wrong.where), sentence(wrong, words))
    return found


def rows(wrongs: Iterable[Wrong], words: Words) -> list[Row]:
    """The sentences about a file, by line."""
    found = [
        Row(
            wrong.line,
            words._(FIELDS[wrong.field]) if wrong.field in FIELDS else words.text(wrong.field),
            sentence(wrong, words),
            words.text(wrong.text),
        )
        for wrong in wrongs
    ]
    return sorted(found, key=lambda row: row.line)


def _input(where: tuple[Step, ...]) -> str:
    """'pages-0-url' for the place ('portals', 0, 'pages', 0, 'url'); of tags the field that holds all."""
    steps = where[2:]
    return "tags" if steps[:1] == ("tags",) else "-".join(str(step) for step in steps)
