"""Signals that are evidence of attack: wording, hidden links, foreign scripts, redirects, dialogs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from defacewatch.compare import domains
from defacewatch.compare.differences import Facts
from defacewatch.compare.foreign import CLIP, SHOWN, foreign_signals, parts
from defacewatch.compare.makeup import makeup_signals
from defacewatch.compare.sketch import hash64
from defacewatch.compare.weights import weights
from defacewatch.compare.wording import wording_signals
from defacewatch.features import Phrase
from defacewatch.signals import Kind, Signal

SPAM_HITS = 2  # different pieces of spam wording that make spam of what can be read

_SPEAKING = frozenset(("title", "hidden", "url"))  # places where one piece is enough


def evidence_of(facts: Facts) -> Iterator[Signal]:
    """The signals of attack in `facts`."""
    yield from _deface(facts)
    yield from _spam(facts)
    yield from wording_signals(facts.telling)
    yield from makeup_signals(facts.traits, facts.replaced)
    yield from foreign_signals(facts)
    for dialog in sorted(facts.dialogs)[:3]:
        points = weights().points[Kind.DIALOG]["new"]
        yield Signal(Kind.DIALOG, points, f"dialog:{hash64(dialog):016x}", {"text": dialog[:CLIP]})


def _by_place(facts: Facts, family: str) -> Mapping[str, list[Phrase]]:
    """The phrases of a family by the place they stand in, those that say most first."""
    places: defaultdict[str, list[Phrase]] = defaultdict(list)
    for phrase in facts.phrases:
        if phrase.family == family:
            places[phrase.place].append(phrase)
    for phrases in places.values():
        phrases.sort(key=lambda phrase: (not phrase.strong, not phrase.bare, phrase.phrase))
    return places


def _points(kind: Kind, place: str, phrases: Iterable[Phrase]) -> float:
    """Points of wording in one place. Each phrase adds; wording inside longer texts only up to a limit."""
    table = weights().points[kind]
    said = reported = hinted = 0.0
    for phrase in phrases:
        points = table.get(place, 0.0) * (1.0 if phrase.strong else table["weak"])
        if phrase.bare:
            said += points
        elif phrase.strong:
            reported += points * table.get(f"embedded-{place}", table["embedded"])
        else:
            hinted += points * table["embedded"]
    if f"embedded-{place}" not in table:
        reported = min(reported, table["embedded-most"])
    return said + reported + min(hinted, table["weak-most"])


def _deface(facts: Facts) -> Iterator[Signal]:
    for place, phrases in sorted(_by_place(facts, "deface").items()):
        points = weights().bounded(Kind.DEFACE_PHRASE, _points(Kind.DEFACE_PHRASE, place, phrases))
        shown = [phrase.phrase for phrase in phrases]
        yield Signal(
            Kind.DEFACE_PHRASE,
            points,
            f"deface-phrase.{place}={parts(shown)}",
            {"place": place, "phrases": shown[:SHOWN]},
        )


def _spam(facts: Facts) -> Iterator[Signal]:
    places = _by_place(facts, "spam")
    if not places:
        return
    sums = {place: _points(Kind.SPAM_TERMS, place, phrases) for place, phrases in places.items()}
    order = sorted(sums, key=lambda place: (-sums[place], place))
    phrases = [phrase for place in order for phrase in places[place]]
    shown = list(dict.fromkeys(phrase.phrase for phrase in phrases))
    named = {domains.registrable(p.phrase) if p.place == "url" else p.phrase for p in phrases}
    total = sum(sums.values())
    if len(named) < SPAM_HITS and _SPEAKING.isdisjoint(places):
        total = min(total, weights().points[Kind.SPAM_TERMS]["single-most"])
    points = weights().bounded(Kind.SPAM_TERMS, total)
    yield Signal(Kind.SPAM_TERMS, points, f"spam-terms={parts(named)}", {"phrases": shown[:SHOWN]})
