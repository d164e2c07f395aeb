"""Portals from and to YAML and CSV files that are imported and exported."""

import csv
import io
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import yaml

from defacewatch.config.documents import Document, Problem, Unreadable, Where, read_text, read_yaml, report
from defacewatch.config.fields import write_duration
from defacewatch.config.registry import portals_in
from defacewatch.portals import Portal, Source

COLUMNS = ("key", "name", "owner", "operator", "level", "critical", "url")
_NEEDED = ("key", "name", "url")


def portals_from_yaml(path: Path) -> tuple[Portal, ...]:
    """The portals of a YAML file in the form of portals.yaml, as the store's own. Raises ConfigError."""
    portals, problems = portals_in(read_yaml(path), Source.STORE)
    if problems:
        raise report(problems)
    return portals


def portals_from_csv(path: Path) -> tuple[Portal, ...]:
    """The portals of a CSV file with the columns `COLUMNS`, as the store's own. Raises ConfigError.

    Several rows with the same key are several pages of one portal; its other columns may then be left
    empty after the first row. Separators are commas, or semicolons where the header has them.
    """
    portals, problems = portals_in(_read_csv(path), Source.STORE)
    if problems:
        raise report(problems)
    return portals


def _read_csv(path: Path) -> Document:
    """A CSV file as the document that portals.yaml would be, its places on the lines of the rows."""
    name = str(path)
    try:
        return _parse_csv(read_text(path), name)
    except Unreadable as error:
        return Document(name, problems=(error.problem,), unreadable=True)


def _parse_csv(text: str, name: str) -> Document:
    header = text.partition("\n")[0]
    rows = csv.DictReader(
        io.StringIO(text, newline=""),
        delimiter=";" if ";" in header and "," not in header else ",",
        strict=True,
    )
    try:
        columns = [column.strip().lower() for column in rows.fieldnames or ()]
        rows.fieldnames = columns
        wrong = [c for c in columns if c not in COLUMNS] or [c for c in _NEEDED if c not in columns]
        if wrong or len(set(columns)) != len(columns):
            raise Unreadable(
                name, 1, f"expected the columns {','.join(COLUMNS)}; look at: {header.strip()[:80]!r}"
            )
        return _Rows(name).document((rows.line_num, row) for row in rows)
    except csv.Error as error:
        raise Unreadable(name, rows.line_num + 1, f"expected CSV: {error}") from error


class _Rows:
    """Gathers the rows of a CSV file into portals."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.portals: dict[str, tuple[int, dict[str, object]]] = {}
        self.lines: dict[Where, int] = {("portals",): 1}
        self.problems: list[Problem] = []

    def document(self, rows: Iterable[tuple[int, dict[str | None, str | list[str] | None]]]) -> Document:
        for line, row in rows:
            if None in row:
                self.problems.append(Problem(self.name, line, "expected no more values than columns"))
                continue
            values = {str(k): v.strip() for k, v in row.items() if isinstance(v, str) and v.strip()}
            if values:
                self._add(line, values)
        return Document(
            self.name, {"portals": [p for _, p in self.portals.values()]}, self.lines, tuple(self.problems)
        )

    def _add(self, line: int, values: dict[str, str]) -> None:
        url = values.pop("url", None)
        key = values.get("key", f"row {line}")
        index, portal = self.portals.setdefault(key, (len(self.portals), {"pages": []}))
        self.lines.setdefault(("portals", index), line)
        for column, value in values.items():
            place = ("portals", index, column)
            if portal.setdefault(column, value) != value:
                text = f"{column}: expected {portal[column]!r} as on line {self.lines[place]}, not {value!r}"
                self.problems.append(Problem(self.name, line, text))
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


def _entry(portal: Portal) -> dict[str, object]:
    entry: dict[str, object] = {
        "key": portal.key,
        "name": portal.name,
        "owner": portal.owner,
        "operator": portal.operator,
        "level": portal.level,
        "critical": portal.critical,
        "changed_urgency": portal.changed_urgency.value,
        "defaced_urgency": portal.defaced_urgency.value,
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
