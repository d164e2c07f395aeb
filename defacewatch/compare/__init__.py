"""Comparing a look with the approved baseline: pure and CPU only, to be run off the event loop.

`extract` reduces a look to features, `compare` turns features into signals. What normally moves on a page
is in its profile, what each difference weighs in `data/weights.yaml`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType

from defacewatch.baselines import Baseline
from defacewatch.captures import Failure, Look
from defacewatch.compare import attack, change, covers, outage, scraps, screening, standins
from defacewatch.compare.differences import Facts, alone, evidence_in, joined
from defacewatch.compare.features import VERSION
from defacewatch.compare.outside import differences_outside, rests_of
from defacewatch.compare.parts import Part, extract, mark_of, pieces_of, put_together, read
from defacewatch.features import Features
from defacewatch.masks import Masked, Outside, Rest
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, Role, Signal

_NONE: Mapping[str, Collection[str]] = MappingProxyType({})
_UNWEIGHED = frozenset((Role.OUTAGE, Role.NOTE))  # of no points, and worth saying

__all__ = ["VERSION", "Part", "compare", "extract", "mark_of", "pieces_of", "put_together", "read"]


def compare(
    baseline: Baseline | None,
    profile: Profile,
    look: Look,
    features: Features | None,
    masked: Masked | None = None,
    kept: Mapping[str, Collection[str]] = _NONE,
) -> tuple[Signal, ...]:
    """The signals of `look`, strongest first.

    `features` are those of the look, None when it brought no page (it failed, or nothing was modified).
    Of several approved looks the one that the page is closest to counts. Without a baseline only evidence
    that needs none is returned, so that an already defaced page is not learned as normal. What is `masked` is
    left out, and notes say so; no evidence of attack ever is. `kept` are the addresses of the pictures of
    approved looks, by capture, that the page has loaded again as they were.
    """
    if baseline is None or not baseline.looks:
        return _ordered(_unapproved(look, features))
    every = []
    for approved in baseline.looks:
        same = kept.get(approved.capture, ())
        found = _ordered(_against(approved.features, profile, look, features, kept=same))
        if masked is not None and features is not None:
            before = masked.apart.approved.get(approved.capture) if masked.apart is not None else None
            less = _ordered(_against(approved.features, profile, look, features, masked, before, same))
            found = (*less, *_left_out(found, less, masked))
        every.append(found)
    return min(every, key=lambda signals: sum(signal.points for signal in signals))


def _left_out(every: Iterable[Signal], less: Iterable[Signal], masked: Masked) -> Iterator[Signal]:
    """Notes of what masks have taken from the points, kind by kind."""
    left = _points(less)
    for kind, points in _points(every).items():
        if points > left.get(kind, 0.0):
            evidence = {
                "masks": list(masked.masks),
                "kind": kind.value,
                "without": round(points, 1),
                "counted": round(left.get(kind, 0.0), 1),
            }
            yield Signal(Kind.MASKED, 0.0, f"masked:{kind.value}", evidence)


def _points(signals: Iterable[Signal]) -> Mapping[Kind, float]:
    points: dict[Kind, float] = defaultdict(float)
    for signal in signals:
        points[signal.kind] += signal.points
    return points


def _ordered(signals: Iterator[Signal]) -> tuple[Signal, ...]:
    """The signals that say something, once each, strongest first."""
    unique = {signal.identity: signal for signal in signals if signal.points > 0 or signal.role in _UNWEIGHED}
    return tuple(sorted(unique.values(), key=lambda signal: -signal.points))


def _unapproved(look: Look, features: Features | None) -> Iterator[Signal]:
    shown = outage.is_shown(look, None, features)
    yield from outage.fetch_signals(look, None, features, shown=shown)
    if features is None:
        yield from _unread(look)
        return
    if shown:
        yield from outage.not_served(outage.turned_away(look, None, features.served))
    facts = alone(features.served)
    if features.shown is not None:
        facts = joined(facts, alone(features.shown))
    yield from attack.evidence_of(facts)
    yield from outage.wording_signals(None, features.shown or features.served)


def _unread(look: Look, before: Features | None = None) -> Iterator[Signal]:
    """Evidence in a page that crashed what reads pages: it must not hide by that what it says."""
    if look.probe.failure is not Failure.CRASH or not look.probe.html:
        return
    documents = () if before is None else (before.served, *([before.shown] if before.shown else []))
    known = {phrase.phrase for document in documents for phrase in document.phrases}
    new = (phrase for phrase in scraps.claims(look.probe.html) if phrase.phrase not in known)
    yield from attack.evidence_of(Facts(phrases=frozenset(new)))


def _against(
    before: Features,
    profile: Profile,
    look: Look,
    features: Features | None,
    masked: Masked | None = None,
    outside: Outside | None = None,
    kept: Collection[str] = (),
) -> Iterator[Signal]:
    """The signals against one approved look; `outside` is what of it lies outside of masked blocks, `kept`
    the addresses of its pictures that were loaded again as they were."""
    shown = outage.is_shown(look, before, features)
    yield from outage.fetch_signals(look, before, features, shown=shown)
    if features is None:
        yield from _unread(look, before)
        return
    away = outage.turned_away(look, before, features.served) if shown else None
    yield from outage.not_served(away)
    found: list[Facts] = []
    stand_ins: list[Signal] = []
    partly = standins.approved_in_part(before)
    own = masked.apart.own if masked is not None and masked.apart is not None else None

    def rests(which: Callable[[Outside], Rest | None]) -> tuple[Rest, Rest] | None:
        return rests_of(outside, own, which)

    if look.probe.failure is None and not look.probe.not_modified:
        whole = away is None and partly is None
        pair = rests(lambda of: of.served) if whole else None
        served = differences_outside(partly or before.served, features.served, profile, pair)
        found.append(served if whole else evidence_in(served))
        stand_ins += outage.wording_signals(before.served, features.served) if whole else ()
    if before.shown is not None and features.shown is not None:
        found.append(differences_outside(before.shown, features.shown, profile, rests(lambda of: of.shown)))
        # what visitors see decides: a page that scripts build over an error page is no error page
        stand_ins = list(outage.wording_signals(before.shown, features.shown))
    if not found:
        return
    yield from stand_ins
    facts = found[0] if len(found) == 1 else joined(*found)
    if stand_ins:
        facts = outage.beside_stand_in(facts)
    yield from attack.evidence_of(facts)
    yield from change.changes_of(facts)
    yield from change.behaviour_of(facts, look)
    yield from screening.screen_signals(before, features, profile, masked.cells if masked else (), kept)
    if before.shown is not None and features.shown is not None:
        yield from covers.cover_signals(before.shown, features.shown, profile)
    yield from change.icon_signals(before, features, profile)
