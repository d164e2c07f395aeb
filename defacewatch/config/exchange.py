"""Portals from and to YAML and CSV files that are imported and exported, and from a form."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import yaml

from defacewatch.config.documents import (
    Document,
    Problem,
    Unreadable,
    Where,
    parse_yaml,
    read_text,
    read_yaml,
    report,
    text_of,
)
from defacewatch.config.fields import split_tags, write_duration
from defacewatch.config.registry import portals_in
from defacewatch.errors import UsageError
from defacewatch.portals import Portal, Source
from defacewatch.registering import Sheet, Unacceptable, Wrong, facts

COLUMNS = ("key", "name", "owner", "operator", "level", "critical", "tags", "url")
_NEEDED = ("key", "name", "url")
_CSV, _YAML = (".csv",), (".yaml", ".yml")
MOST_VALUES, MOST_PAGES = 20_000, 5_000  # in a file that is sent
MOST_WRONG = 200  # that are told of
# Spreadsheets take a cell that begins so for a formula; it is written behind an apostrophe, and read without.
_FORMULA = "=+-@\t\r＝＋－＠'"


class Registrar:
    """Reads and writes registrations for whoever cannot know how files are read. `places` gives where
    provisioned portals stand, by key."""

    def __init__(self, places: Callable[[], Mapping[str, str]] = dict) -> None:
        self.places = places

    @staticmethod
    def sheet(raw: bytes, name: str) -> Sheet:
        """What the content of a YAML or CSV file (by its `name`) that somebody has sent registers, within
        bounds. It takes its time: not for the event loop. Raises Unacceptable."""
        return _sheet(_document(raw, name))

    def portal(self, values: Mapping[str, object]) -> Portal:
        """The portal of an entry as portals.yaml would have it, all of it text. Raises Unacceptable."""
        portals, problems = portals_in(Document("", {"portals": [dict(values)]}, _FORM), Source.STORE)
        if problems:
            raise Unacceptable([_wrong(problem) for problem in problems])
        return portals[0]

    def tags(self, text: str) -> list[str]:
        return split_tags(text)

    def yaml(self, portals: Iterable[Portal]) -> str:
        return portals_to_yaml(portals)

    def csv(self, portals: Iterable[Portal]) -> str:
        return portals_to_csv(portals)

    def duration(self, span: timedelta) -> str:
        return write_duration(span)

    def place(self, key: str) -> str | None:
        return self.places().get(key)


_FORM: Mapping[Where, int] = {("portals",): 1}


def sheet_from(path: Path) -> Sheet:
    """What a YAML or CSV file registers. Raises ConfigError, UsageError for another kind of file."""
    if path.suffix.lower() not in _CSV + _YAML:
        raise UsageError(f"{path}: expected a .yaml or .csv file")
    read = _read_csv(path) if path.suffix.lower() in _CSV else read_yaml(path)
    portals, problems = portals_in(read, Source.STORE)
    if problems:
        raise report(problems)
    return Sheet(portals, _said(read))


def portals_from_yaml(path: Path) -> tuple[Portal, ...]:
    """The portals of a YAML file in the form of portals.yaml, as the store's own. Raises ConfigError."""
    portals, problems = portals_in(read_yaml(path), Source.STORE)
    if problems:
        raise report(problems)
    return portals


def portals_from_csv(path: Path) -> tuple[Portal, ...]:
    """The portals of a CSV file with the columns `COLUMNS`, as the store's own. Raises ConfigError.

    Several rows with the same key are several pages of one portal; its other columns may then be left
    empty after the first row. Separators are commas, or semicolons or tabs where the header has them; tags
    are parted by '|'.
    """
    portals, problems = portals_in(_read_csv(path), Source.STORE)
    if problems:
        raise report(problems)
    return portals


def _sheet(document: Document) -> Sheet:
    portals, problems = portals_in(document, Source.STORE)
    if problems:
        each = sorted(set(problems), key=lambda p: p.line)
        wrong = [_wrong(problem) for problem in each[:MOST_WRONG]]
        more = [Wrong(f"and {len(each) - MOST_WRONG} more", kind="more")] if len(each) > MOST_WRONG else []
        raise Unacceptable(wrong + more)
    return Sheet(portals, _said(document))


def _wrong(problem: Problem) -> Wrong:
    return Wrong(problem.text, problem.line, problem.where, problem.kind)


def _document(raw: bytes, name: str) -> Document:
    kind = Path(name).suffix.lower()
    try:
        if kind not in _CSV + _YAML:
            raise Unreadable(name, 0, "expected a .yaml or .csv file", "ending")
        text = text_of(raw, name)
        document = _parse_csv(text, name) if kind in _CSV else parse_yaml(text, name, most=MOST_VALUES)
        pages = sum(1 for at, _ in document.items("portals") for _ in document.items(*at, "pages"))
        if pages > MOST_PAGES:
            raise Unreadable(name, 0, f"holds too much; expected at most {MOST_PAGES} pages", "much")
        return document
    except Unreadable as error:
        return Document(name, problems=(error.problem,), unreadable=True)


def _read_csv(path: Path) -> Document:
    """A CSV file as the document that portals.yaml would be, its places on the lines of the rows."""
    name = str(path)
    try:
        return _parse_csv(read_text(path), name)
    except Unreadable as error:
        return Document(name, problems=(error.problem,), unreadable=True)


def _said(document: Document) -> frozenset[str] | None:
    """The fields that a file speaks of: of CSV those of its columns."""
    columns = {str(where[1]) for where in document.lines if where[:1] == ("columns",)}
    return frozenset("pages" if column == "url" else column for column in columns) or None


def _delimiter(header: str) -> str:
    return next((sign for sign in (",", ";", "\t") if sign in header), ",")


def _parse_csv(text: str, name: str) -> Document:
    header = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(header), strict=True)
    try:
        columns = [column.strip().lower() for column in rows.fieldnames or ()]
        rows.fieldnames = columns
        wrong = [c for c in columns if c not in COLUMNS] or [c for c in _NEEDED if c not in columns]
        if wrong or len(set(columns)) != len(columns):
            text = f"expected the columns {','.join(COLUMNS)}; look at: {header.strip()[:80]!r}"
            raise Unreadable(name, 1, text, "columns")
        read = _Rows(name, columns)
        return read.document((rows.line_num, row) for row in rows)
    except csv.Error as error:
        raise Unreadable(name, rows.line_num + 1, f"expected CSV: {error}", "csv") from error


class _Rows:
    """Gathers the rows of a CSV file into portals."""

    def __init__(self, name: str, columns: Iterable[str]) -> None:
        self.name = name
        self.portals: dict[str, tuple[int, dict[str, object]]] = {}
        self.lines: dict[Where, int] = {("portals",): 1} | {("columns", column): 1 for column in columns}
        self.problems: list[Problem] = []

    def document(self, rows: Iterable[tuple[int, dict[str | None, str | list[str] | None]]]) -> Document:
        for line, row in rows:
            if None in row:
                text = "expected no more values than columns"
                self.problems.append(Problem(self.name, line, text, kind="values"))
                continue
            values = {str(k): _plain(v.strip()) for k, v in row.items() if isinstance(v, str) and v.strip()}
            if values:
                self._add(line, values)
        found = [portal for _, portal in self.portals.values()]
        for portal in found:
            if "tags" in portal:
                portal["tags"] = split_tags(str(portal["tags"]))
        return Document(self.name, {"portals": found}, self.lines, tuple(self.problems))

    def _add(self, line: int, values: dict[str, str]) -> None:
        url = values.pop("url", None)
        key = values.get("key", f"row {line}")
        index, portal = self.portals.setdefault(key, (len(self.portals), {"pages": []}))
        self.lines.setdefault(("portals", index), line)
        for column, value in values.items():
            place = ("portals", index, column)
            if portal.setdefault(column, value) != value:
                text = f"{column}: expected {portal[column]!r} as on line {self.lines[place]}, not {value!r}"
                self.problems.append(Problem(self.name, line, text, place, "differs"))
            self.lines.setdefault(place, line)
        pages = portal["pages"]
        if isinstance(pages, list):
            where = ("portals", index, "pages", len(pages))
            self.lines |= {where: line, (*where, "url"): line}
            pages.append({"url": url} if url else {})


def portals_to_yaml(portals: Iterable[Portal]) -> str:
    """`portals` in the form of portals.yaml; reading it back gives the same portals."""
    entries = [_entry(portal) for portal in portals]
    return yaml.safe_dump({"portals": entries}, allow_unicode=True, sort_keys=False, width=110)


def portals_to_csv(portals: Iterable[Portal]) -> str:
    """`portals` as CSV with the columns `COLUMNS`, one row a page, as spreadsheets open it: with a mark of
    UTF-8, and nothing that they would take for a formula. Contacts, urgencies and intervals are left out."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for portal in portals:
        critical = "true" if portal.critical else "false"
        first = (portal.name, portal.owner, portal.operator, portal.level, critical, "|".join(portal.tags))
        for page in portal.pages:
            writer.writerow([_harmless(str(cell or "")) for cell in (portal.key, *first, page.url)])
    return "\ufeff" + out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell and cell[0] in _FORMULA else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in _FORMULA else cell


def _entry(portal: Portal) -> dict[str, object]:
    entry = {
        **facts(portal),
        "contacts": [_given({"name": c.name, "phone": c.phone, "email": c.email}) for c in portal.contacts],
        "pages": [
            _given(
                {
                    "url": p.url,
                    "probe_every": _written(p.probe_every),
                    "render_every": _written(p.render_every),
                }
            )
            for p in portal.pages
        ],
    }
    return _given(entry)


def _written(duration: timedelta | None) -> str | None:
    return None if duration is None else write_duration(duration)


def _given(entry: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if value not in (None, [])}
