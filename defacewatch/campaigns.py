"""Campaigns: incidents that belong together, since one attacker or one broken server stands behind them.

An incident has traits. Some name the attack itself (whose code came, what it says, what it looks like): two
incidents that share one of those belong together for a day. Others say only where the pages live: those
count while incidents come at the same time, and what many portals share anyway counts when several come.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from defacewatch.portals import Page, Portal
from defacewatch.signals import Kind, Signal, same_difference
from defacewatch.verdicts import SALIENT_AT, Verdict, VerdictKind


class Trait(StrEnum):
    """What incidents may have in common, what tells most first."""

    CODE_HOST = "code-host"  # a host that new scripts, frames, redirects or hidden links lead to
    WORDS = "words"  # the words of the defacement
    TEXT = "text"  # a sketch of what the page says now
    SCREEN = "screen"  # a sketch of what it looks like now
    HOST = "host"
    ADDRESS = "address"  # the IP address that answered
    GENERATOR = "generator"  # the CMS by which the page was made when it was approved
    OPERATOR = "operator"


@dataclass(frozen=True)
class Mark:
    """One trait of one incident. A sketch is 16 hex digits; two that are near are the same."""

    trait: Trait
    value: str


@dataclass(frozen=True)
class Rule:
    """How long before an incident another one with the same trait may have been seen, and how many there must
    be, this one included."""

    within: timedelta
    several: int


_STORM = timedelta(minutes=10)
RULES: Mapping[Trait, Rule] = {
    Trait.CODE_HOST: Rule(timedelta(hours=24), 2),
    Trait.WORDS: Rule(timedelta(hours=24), 2),
    Trait.TEXT: Rule(timedelta(hours=24), 2),
    Trait.SCREEN: Rule(timedelta(hours=24), 2),
    Trait.HOST: Rule(_STORM, 2),
    Trait.ADDRESS: Rule(_STORM, 2),
    Trait.GENERATOR: Rule(_STORM, 3),
    Trait.OPERATOR: Rule(_STORM, 3),
}
LONGEST = max(rule.within for rule in RULES.values())
SKETCHES = frozenset((Trait.TEXT, Trait.SCREEN))

MARKS = 40  # of one incident
VALUE = 200  # characters

_HOSTS = frozenset(
    (Kind.SCRIPT_HOST, Kind.FRAME_HOST, Kind.FORM_HOST, Kind.HIDDEN_LINKS, Kind.OFFSITE_REDIRECT)
)
_SKETCHED = {Kind.TEXT: Trait.TEXT, Kind.SCREEN: Trait.SCREEN}


@dataclass(frozen=True)
class Campaign:
    """Incidents that belong together. `because` is what the second had in common with the first; `outage`
    says that they are about pages that cannot be reached."""

    id: int
    opened_at: datetime
    because: Mark
    outage: bool = False


@dataclass(frozen=True)
class Known:
    """An earlier incident that shares a trait with a new one, and the campaign that it is in, if any."""

    incident: int
    at: datetime
    mark: Mark
    campaign: int | None = None


@dataclass(frozen=True)
class Joined:
    """What a new incident joins: a campaign (None: a new one), with incidents that are in none yet."""

    campaign: int | None
    incidents: tuple[int, ...]
    because: Mark


def marks_of(
    page: Page, portal: Portal, verdict: Verdict, *, addresses: Iterable[str] = (), generator: str = ""
) -> frozenset[Mark]:
    """The traits of an incident that `verdict` opens. A drill has none. `addresses` are those that answered,
    `generator` what the approved look named as its CMS."""
    if page.drill:
        return frozenset()
    found = [Mark(Trait.HOST, urlsplit(page.url).netloc)]
    found += [Mark(Trait.ADDRESS, address) for address in addresses]
    found += [Mark(Trait.OPERATOR, portal.operator)] if portal.operator else []
    if generator and verdict.kind is not VerdictKind.UNREACHABLE:
        found.append(Mark(Trait.GENERATOR, generator))
    for signal in verdict.signals:
        if signal.points >= SALIENT_AT:
            found += _of_signal(signal, verdict)
    order = list(Trait)
    told = sorted({_bounded(mark) for mark in found}, key=lambda mark: (order.index(mark.trait), mark.value))
    return frozenset(told[:MARKS])


def _of_signal(signal: Signal, verdict: Verdict) -> Iterator[Mark]:
    evidence = signal.evidence
    if signal.kind in _HOSTS:
        hosts = evidence.get("hosts", evidence.get("host"))
        yield from (Mark(Trait.CODE_HOST, host) for host in _listed(hosts))
    elif signal.kind is Kind.DEFACE_PHRASE:
        yield from (Mark(Trait.WORDS, phrase) for phrase in _listed(evidence.get("phrases")))
    elif signal.kind in _SKETCHED and verdict.kind is VerdictKind.DEFACED:
        _, _, sketch = signal.identity.partition("~")
        yield Mark(_SKETCHED[signal.kind], sketch)


def _listed(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else ()


def _bounded(mark: Mark) -> Mark:
    return Mark(mark.trait, " ".join(mark.value.lower().split())[:VALUE])


def alike(one: Mark, other: Mark) -> bool:
    """Whether two traits are the same; sketches are when they are near."""
    if one.trait in SKETCHES and one.trait is other.trait:
        return same_difference(f"{one.trait}~{one.value}", f"{other.trait}~{other.value}")
    return one == other


def joined(marks: Iterable[Mark], known: Iterable[Known], now: datetime) -> Joined | None:
    """What an incident with these traits that opens `now` joins, given `known` incidents that share some
    (each once a trait): by the trait that tells most, of several campaigns the oldest. None: it stands
    alone."""
    there = list(known)
    for trait in Trait:
        rule = RULES[trait]
        for mark in sorted((m for m in marks if m.trait is trait), key=lambda m: m.value):
            found = [k for k in there if alike(k.mark, mark) and now - k.at <= rule.within]
            if len({k.incident for k in found}) + 1 < rule.several:
                continue
            campaigns = sorted({k.campaign for k in found if k.campaign is not None})
            loose = tuple(sorted({k.incident for k in found if k.campaign is None}))
            return Joined(campaigns[0] if campaigns else None, loose, mark)
    return None
