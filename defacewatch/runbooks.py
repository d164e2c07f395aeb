"""What is to be done in an incident: a short list in Markdown, ticked off line by line."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DEFAULT = "default"
MOST = 40  # steps
LINE = 300  # characters of one

_STEP = re.compile(r"\s{0,3}(?:[-*+]|\d{1,3}[.)])\s+\[[ xX]\]\s+(.+)")
_TITLE = re.compile(r"#\s+(.+)")
_MARK = re.compile(r"\s*\{(\w+)\}\s*$")


class Mark(StrEnum):
    """What a step stands for besides: the page is restored, the report is handed in."""

    RESTORED = "restored"
    REPORTED = "reported"


@dataclass(frozen=True)
class Step:
    """One line to tick."""

    text: str
    mark: Mark | None = None


@dataclass(frozen=True)
class Runbook:
    title: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Tick:
    """A step that was ticked: by whom, when."""

    by: str
    at: datetime


def parse(markdown: str) -> Runbook:
    """The runbook in a Markdown file: its first heading, and its lines with boxes (GitHub's task lists),
    which may end in {restored} or {reported}. Raises ValueError, saying what is wrong."""
    title, steps = "", list[Step]()
    for number, line in enumerate(markdown.splitlines(), 1):
        if found := _STEP.fullmatch(line.rstrip()):
            steps.append(_step(found.group(1), number))
        elif not title and (heading := _TITLE.fullmatch(line.rstrip())):
            title = heading.group(1)[:LINE]
    if not steps:
        raise ValueError("expected lines with boxes to tick: '- [ ] what is to be done'")
    if len(steps) > MOST:
        raise ValueError(f"expected at most {MOST} lines with boxes, not {len(steps)}")
    if len({step.text for step in steps}) < len(steps):
        raise ValueError("expected each line with a box once")
    return Runbook(title, tuple(steps))


def _step(text: str, number: int) -> Step:
    marked = _MARK.search(text)
    if marked is None:
        return Step(text.strip()[:LINE])
    if marked.group(1) not in list(Mark):
        raise ValueError(f"line {number}: expected {{{'} or {'.join(Mark)}}}, not {{{marked.group(1)}}}")
    return Step(text[: marked.start()].strip()[:LINE], Mark(marked.group(1)))


def runbook_for(runbooks: Mapping[str, Runbook], portal: str, verdict: str) -> Runbook:
    """The portal's own, else that of the verdict, else the default one; an empty one where there is none."""
    names = (portal, verdict, DEFAULT)
    return next((runbooks[name] for name in names if name in runbooks), Runbook())


def ticks(events: Iterable[tuple[str, bool, str, datetime]]) -> dict[str, Tick]:
    """What is ticked, by the text of the step, of (text, ticked or not, by, at) in order of time."""
    found: dict[str, Tick] = {}
    for text, ticked, by, at in events:
        if ticked:
            found.setdefault(text, Tick(by, at))
        else:
            found.pop(text, None)
    return found
