"""YAML files as plain data that remembers its lines.

Every scalar stays the text that was written: `07:00`, `on` or `0912345678` mean what they look like, and
each key decides how to read its text. A key without a value (`null`, `~`, nothing) counts as left out.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from defacewatch.errors import ConfigError

Where = tuple[str | int, ...]

MAX_BYTES = 5_000_000
MAX_VALUES = 500_000  # after aliases are expanded: what a short file with anchors can grow to
MAX_DEPTH = 20
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = frozenset(
    f"tag:yaml.org,2002:{tag}"
    for tag in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at one place; `line` 0 means the file as a whole."""

    file: str
    line: int
    text: str
    where: Where = ()
    kind: str = ""  # of what is wrong with a file as a whole

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.text}"


def report(problems: list[Problem]) -> ConfigError:
    """All of `problems` as one error, by file as they come, and by line within a file."""
    files = list(dict.fromkeys(problem.file for problem in problems))
    ordered = sorted(set(problems), key=lambda p: (files.index(p.file), p.line, p.text))
    return ConfigError([str(problem) for problem in ordered])


class Unreadable(Exception):
    """A file of which nothing can be read; `problem` says why."""

    def __init__(self, file: str, line: int, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.problem = Problem(file, line, text, kind=kind)


@dataclass(frozen=True)
class Document:
    """What a file holds. `lines` gives the line of each place; `problems` what was wrong with its form.
    Of an `unreadable` one nothing is known but its problem."""

    file: str
    data: object = field(default_factory=dict)
    lines: Mapping[Where, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    unreadable: bool = False

    def problem(self, where: Where, text: str) -> Problem:
        """A problem with the value at `where`, or with what is there of the way to it."""
        known = where
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        return Problem(self.file, line, f"{shown(where)}: {text}" if where else text, where)

    def items(self, *where: str | int) -> Iterator[tuple[Where, object]]:
        """The items of the list at `where`, each with its place; nothing if there is no list."""
        there = self.value(*where)
        for index, item in enumerate(there if isinstance(there, list) else ()):
            yield (*where, index), item

    def repeated(self, key: str, *where: str | int) -> list[Problem]:
        """A problem for each item of the list at `where` whose `key` an earlier item has already."""
        seen: dict[object, int] = {}
        problems = []
        for place, item in self.items(*where):
            value = item.get(key) if isinstance(item, dict) else None
            if isinstance(value, str) and value in seen:
                line = seen[value]
                problems.append(
                    self.problem((*place, key), f"{value!r} is on line {line} already; expected once")
                )
            elif isinstance(value, str):
                seen[value] = self.lines.get((*place, key), 1)
        return problems

    def value(self, *where: str | int) -> object:
        """What is at `where`, or None."""
        here = self.data
        for step in where:
            if isinstance(here, dict):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return None
        return here


def shown(where: Where) -> str:
    """A place as a person reads it: 'portals[0].pages[1].url'."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read_text(path: Path) -> str:
    """The text of a file. Raises Unreadable."""
    name = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreadable(name, 0, f"cannot be read ({reason}); expected a readable file") from error
    if len(raw) > MAX_BYTES:
        raise Unreadable(name, 0, f"is too large; expected at most {MAX_BYTES // 1_000_000} MB", "large")
    return text_of(raw, name)


def text_of(raw: bytes, name: str) -> str:
    """The text of a file that is UTF-8, with or without a mark at its beginning. Raises Unreadable."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:200]:
        raise Unreadable(name, 1, "is not UTF-8; expected the file saved as UTF-8", "utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(name, line, "is not UTF-8; expected the file saved as UTF-8", "encoding") from error


def read_yaml(path: Path, *, needed: bool = True) -> Document:
    """The document in a file; an empty file, or one that is not there nor `needed`, has no keys."""
    if not needed and not os.path.lexists(path):
        return Document(str(path))
    try:
        return parse_yaml(read_text(path), str(path))
    except Unreadable as error:
        return Document(str(path), problems=(error.problem,), unreadable=True)


def parse_yaml(text: str, name: str, *, most: int = MAX_VALUES) -> Document:
    """The document in `text` of at most so many values; `name` is what its problems call it. Raises
    Unreadable."""
    try:
        _bound_depth(text, name)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = _line(error.problem_mark)
        reason = ", ".join(part for part in (error.problem, error.context) if part)
        hint = (
            "; is there a tab? indent with spaces" if "\\t" in reason or "start any token" in reason else ""
        )
        raise Unreadable(name, line, f"expected valid YAML: {reason}{hint}", "yaml") from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise Unreadable(name, 0, f"expected valid YAML: {reason}", "yaml") from error
    if root is None:
        return Document(name)
    builder = _Builder(name, most)
    data = builder.build(root, ())
    if not isinstance(data, dict):
        raise Unreadable(name, 1, "expected keys with values, such as 'portals:'")
    return Document(name, data, builder.lines, tuple(builder.problems))


def _line(mark: Any) -> int:
    """The line of one of the parser's marks; 0 where there is none."""
    return mark.line + 1 if mark else 0


def _bound_depth(text: str, name: str) -> None:
    """Refuse deep nesting before nodes are composed, which recurses, in C, without a limit of its own."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _too_deep(name, _line(event.start_mark))


def _too_deep(name: str, line: int) -> Unreadable:
    return Unreadable(name, line, f"is nested too deeply; expected at most {MAX_DEPTH} levels")


class _Builder:
    """Turns nodes into plain data, within bounds."""

    def __init__(self, name: str, most: int) -> None:
        self.name, self.most = name, most
        self.lines: dict[Where, int] = {}
        self.problems: list[Problem] = []
        self.values = 0

    def build(self, node: yaml.Node, where: Where) -> object:
        line = _line(node.start_mark)
        self.values += 1
        if len(where) > MAX_DEPTH:
            raise _too_deep(self.name, line)
        if self.values > self.most:
            raise Unreadable(self.name, line, f"holds too much; expected at most {self.most} values", "much")
        self.lines.setdefault(where, line)
        if node.tag not in _TAGS:
            self.problems.append(
                Problem(self.name, line, f"{shown(where)}: tag {node.tag}; expected plain YAML without tags")
            )
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*where, index)) for index, item in enumerate(node.value)]
        return None if node.tag.endswith(":null") else str(node.value)

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, object]:
        found: dict[str, object] = {}
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = _line(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(self.name, line, f"{shown(where)}: expected a word as key"))
                continue
            key = str(key_node.value)
            place = (*where, key)
            if key in seen:
                text = f"{shown(place)}: duplicate key; expected once, and it is on line {seen[key]} already"
                self.problems.append(Problem(self.name, line, text))
                continue
            seen[key] = self.lines[place] = line
            value = self.build(value_node, place)
            if value is not None:
                found[key] = value
        return found
