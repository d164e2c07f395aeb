"""A page that shows its attack to every third visitor only: the checks of it, visit by visit."""

from bench.detect.judging import Read, Said, State, read, verdict_of, worst
from defacewatch.captures import Look
from defacewatch.verdicts import BAD, Verdict, needs_another_look, settle

PROBES = 3  # checks that begin with a probe, before the round of captures


class Visits:
    """Counts who comes; every third one gets the attack."""

    def __init__(self, attack: Look, clean: Look, start: int) -> None:
        self._looks, self._count = (attack, clean), start
        self._read: dict[tuple[bool, bool | None], Read] = {}

    def probed(self) -> Read:
        return self._seen(self._is_clean(), None)

    def rendered(self) -> Read:
        """The browser and the probe beside it are two visitors."""
        shown = self._is_clean()
        return self._seen(self._is_clean(), shown)

    def _is_clean(self) -> bool:
        self._count += 1
        return self._count % 3 != 0

    def _seen(self, served: bool, shown: bool | None) -> Read:
        key = (served, shown)
        if key not in self._read:
            rendering = None if shown is None else self._looks[shown].rendering
            self._read[key] = read(Look(self._looks[served].probe, rendering))
        return self._read[key]


def every_third(state: State, attack: Look, clean: Look, *, start: int) -> Said:
    """The worst of three checks by probe and one of the round, the first visitor being number `start`."""
    visits = Visits(attack, clean, start)
    said: list[Said] = []
    wavers = 0
    for number in range(PROBES + 1):
        verdict = _checked(state, visits, is_round=number == PROBES, wavers=wavers)
        wavers += verdict.wavered
        said.append(Said(verdict, verdict))
    return worst(said)


def _checked(state: State, visits: Visits, *, is_round: bool, wavers: int) -> Verdict:
    """One check, as `check.Checker` looks and confirms."""

    def look(seen: Read) -> Verdict:
        return verdict_of(state, seen)[0]

    looks = [look(visits.rendered() if is_round else visits.probed())]
    if not is_round and looks[0].kind in BAD:
        shown = look(visits.rendered())
        looks = [shown] if shown.kind in BAD else [*looks, shown]
    while needs_another_look([one.kind for one in looks]):
        looks.append(look(visits.rendered()))
    return settle(looks, wavers=wavers)
