"""The targets of the engine, and whether the outcomes reach them."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

from bench.detect import events
from bench.detect.figures import Rate, percentile, rate
from bench.detect.score import LEGITIMATE, Outcome
from defacewatch.verdicts import BAD, VerdictKind

PAGE = (70_000, 150_000)  # characters of a page that counts as one of 100 KB
CAPTURE_MS, PROBE_MS = 40.0, 6.0
Row: TypeAlias = tuple[str, str]  # group and row of the table
_ATTACKS = ("replacement", "partial", "hidden", "injected", "slow")


@dataclass(frozen=True)
class Target:
    """A target and what was measured; `reached` is None where nothing was."""

    what: str
    wanted: str
    measured: str
    reached: bool | None


def targets(
    outcomes: Sequence[Outcome], *, late: Iterable[str], seed: int, planned: Iterable[Row] = ()
) -> Iterator[Target]:
    """All targets in the order of the table. `late` names kinds that show too late for most captures: they
    are reported apart. `planned` are the rows that ought to have cases."""
    late = frozenset(late)
    attacks = [one for one in outcomes if one.group in _ATTACKS and one.row not in late]
    replaced = [one for one in attacks if one.group == "replacement"]
    partial = [one for one in attacks if one.group in ("partial", "slow")]
    injected = [one for one in attacks if one.group in ("hidden", "injected")]
    legitimate = [one for one in outcomes if one.group == LEGITIMATE]
    ordinary = [one for one in legitimate if one.row == events.ORDINARY]
    redesign = [one for one in legitimate if one.row == events.REDESIGN]
    out = [one for one in legitimate if one.row in events.OUTAGES]
    out += [one for one in outcomes if one.group == "stress" and one.expect == "unreachable"]

    def share(
        what: str, some: list[Outcome], test: Callable[[Outcome], bool], wanted: float, *, most: bool = False
    ) -> Target:
        found = clustered(some, test, seed=seed)
        sign = "≤" if most else "≥"
        reached = None if not found.n else found.value <= wanted if most else found.value >= wanted
        return Target(what, f"{sign} {100 * wanted:g} %", told(found), reached)

    yield share("whole-page replacement said defaced", replaced, defaced, 0.995)
    yield share("whole-page replacement said at least changed", replaced, bad, 1.0)
    yield share("partial attacks said at least changed, overall", partial, bad, 0.98)
    wanted = {row for group, row in planned if group in ("partial", "slow")} - late
    yield _weakest(partial, wanted - {one.row for one in partial}, seed=seed)
    yield share("hidden link farms and injected scripts said defaced", injected, defaced, 0.97)
    yield share("ordinary update said defaced", ordinary, defaced, 0.001, most=True)
    yield share("ordinary update said changed", ordinary, changed, 0.02, most=True)
    yield share("labelled redesign said defaced", redesign, defaced, 0.05, most=True)
    yield share("error, maintenance, bot wall said defaced", out, defaced, 0.0, most=True)
    sized = [one for one in outcomes if PAGE[0] <= one.size <= PAGE[1]]
    yield _time("CPU of compare + judge, a capture", [o.capture_ms for o in sized], CAPTURE_MS)
    yield _time("CPU of compare + judge, a probe", [o.probe_ms for o in sized], PROBE_MS)


def clustered(some: Iterable[Outcome], test: Callable[[Outcome], bool], *, seed: int) -> Rate:
    """The rate of outcomes that pass `test`, clustered by site."""
    by_site: dict[str, list[bool]] = {}
    for one in some:
        by_site.setdefault(one.family, []).append(test(one))
    return rate(by_site, seed=seed)


def defaced(one: Outcome) -> bool:
    return one.verdict == VerdictKind.DEFACED


def changed(one: Outcome) -> bool:
    return one.verdict == VerdictKind.CHANGED


def bad(one: Outcome) -> bool:
    return one.verdict in BAD


def told(found: Rate) -> str:
    """A rate in words: '93/100 = 93.0 % [88.1–97.0], 12 sites'."""
    if not found.n:
        return "–"
    inside = f"[{100 * found.low:.1f}–{100 * found.high:.1f}]"
    return f"{found.hits}/{found.n} = {100 * found.value:.2f} % {inside}, {found.sites} sites"


def _weakest(partial: Sequence[Outcome], empty: Set[str], *, seed: int) -> Target:
    """The kind least found. While kinds that were planned have no case, the target cannot be reached."""
    kinds: dict[str, list[Outcome]] = {}
    for one in partial:
        kinds.setdefault(one.row, []).append(one)
    rates = {row: clustered(some, bad, seed=seed) for row, some in kinds.items()}
    weakest = min(rates, key=lambda row: rates[row].value, default=None)
    if weakest is None:
        measured = f"not measured: {', '.join(sorted(empty))}" if empty else "–"
        return Target("partial attacks, the weakest kind", "≥ 90 %", measured, None)
    found = rates[weakest]
    measured = f"{weakest}: {told(found)}"
    reached: bool | None = found.value >= 0.9
    if empty:
        measured += f"; not measured: {', '.join(sorted(empty))}"
        reached = None if reached else False
    return Target("partial attacks, the weakest kind", "≥ 90 %", measured, reached)


def _time(what: str, values: Iterable[float | None], most: float) -> Target:
    known = [value for value in values if value is not None]
    if not known:
        return Target(what, f"≤ {most:g} ms", "–", None)
    middle, high = percentile(known, 0.5), percentile(known, 0.95)
    measured = f"median {middle:.1f} ms, p95 {high:.1f} ms, {len(known)} looks at pages of about 100 KB"
    return Target(what, f"≤ {most:g} ms", measured, middle <= most)
