"""What is about to be registered: what a file or a form says, what is wrong with it, what it would change."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from defacewatch.errors import UsageError
from defacewatch.portals import Page, Portal, Source

Step = str | int
FIELDS = (
    "name", "owner", "operator", "level", "critical", "tags", "changed_urgency", "defaced_urgency",
    "contacts", "pages",
)  # fmt: skip


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong: on which line (0: no line), at which place ('portals', 0, 'name'), what was
    expected; `kind` names what is wrong with a file as a whole."""

    text: str
    line: int = 0
    where: tuple[Step, ...] = ()
    kind: str = ""

    @property
    def field(self) -> str:
        """The name of the field, without the numbers of lists."""
        return next((step for step in reversed(self.where) if isinstance(step, str)), "")


class Unacceptable(UsageError):
    """Something that was to be registered is not valid; `wrong` is all that is wrong with it."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__("; ".join(one.text for one in wrong))
        self.wrong = tuple(wrong)

    def __reduce__(self) -> "tuple[type[Unacceptable], tuple[tuple[Wrong, ...]]]":
        """As it comes from a process to another."""
        return Unacceptable, (self.wrong,)


@dataclass(frozen=True)
class Sheet:
    """Portals that are to be registered. `said` are the fields that the file speaks of (None: all of them);
    the others of a portal that is registered stay as they are."""

    portals: tuple[Portal, ...]
    said: frozenset[str] | None = None


class Move(StrEnum):
    """What an import does with a portal."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"  # a file provisions another of this key


@dataclass(frozen=True)
class Planned:
    """What an import would do with one portal, which is registered as `before`."""

    move: Move
    portal: Portal
    before: Portal | None = None


def planned(
    known: Mapping[str, Portal], wanted: Iterable[Portal], said: Collection[str] | None
) -> tuple[Planned, ...]:
    """What importing `wanted` would do, where `known` are registered."""
    return tuple(_planned(known.get(portal.key), portal, said) for portal in wanted)


def _planned(old: Portal | None, portal: Portal, said: Collection[str] | None) -> Planned:
    if old is None:
        return Planned(Move.ADDED, portal)
    full = completed(portal, old, said)
    if old == full:
        return Planned(Move.SAME if old.enabled else Move.ADDED, full, old)
    return Planned(Move.CHANGED if old.source is Source.STORE else Move.REFUSED, full, old)


def completed(portal: Portal, old: Portal, said: Collection[str] | None) -> Portal:
    """`portal` with what its file does not speak of as `old` has it; so are the intervals of pages."""
    if said is None:
        return portal
    kept = {field: getattr(old, field) for field in FIELDS if field not in said}
    before = {page.id: page for page in old.pages}
    pages = tuple(before.get(page.id, page) for page in portal.pages)
    return replace(portal, **({"pages": pages} | kept))


def digest(steps: Iterable[Planned]) -> str:
    """SHA-256 (hex) of all that an import would do: differs when anything that it would write does."""
    plain = [
        [step.move.value, facts(step.portal), None if step.before is None else facts(step.before)]
        for step in steps
    ]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def mark(portal: Portal) -> str:
    """What tells a registration from any other of the portal."""
    return hashlib.sha256(json.dumps(facts(portal), sort_keys=True).encode()).hexdigest()[:16]


def facts(portal: Portal) -> dict[str, object]:
    """A registration in plain values, seconds for durations."""
    return {
        "key": portal.key,
        "name": portal.name,
        "owner": portal.owner,
        "operator": portal.operator,
        "level": portal.level,
        "critical": portal.critical,
        "tags": list(portal.tags),
        "changed_urgency": portal.changed_urgency.value,
        "defaced_urgency": portal.defaced_urgency.value,
        "contacts": [[c.name, c.phone, c.email] for c in portal.contacts],
        "pages": [_page(page) for page in portal.pages],
    }


def differences(before: Portal, after: Portal) -> dict[str, tuple[object, object]]:
    """The fields in which two registrations differ, as `facts` has them."""
    old, new = facts(before), facts(after)
    return {name: (old[name], new[name]) for name in FIELDS if old[name] != new[name]}


def suggested_key(url: str) -> str:
    """A key after the host of an address: 'hungyen' for https://www.hungyen.gov.vn/; '' without a host."""
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
    for ending in (".gov.vn", ".com.vn", ".org.vn", ".edu.vn", ".net.vn", ".vn"):
        host = host.removesuffix(ending)
    return re.sub(r"[^a-z0-9]+", "-", host.removeprefix("www.")).strip("-")[:64]


def _page(page: Page) -> list[object]:
    return [page.url, _seconds(page.probe_every), _seconds(page.render_every)]


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
