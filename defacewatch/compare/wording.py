"""A model of wording: which words defacements use and ordinary pages do not, and the other way round.

It is additive: a logistic regression over the presence of single folded words, fitted on the `fit` side of
the corpus by `python -m bench.detect.wording` and kept in `data/wording.yaml` with the figures of that fit. A
word that stands in one page's favour is as much a part of it as one against, so a new article about crime,
which brings many ordinary words, is outweighed by them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from pydantic import TypeAdapter

from defacewatch.compare import datafiles
from defacewatch.compare.phrases import Block
from defacewatch.compare.sketch import hash64, simhash
from defacewatch.compare.weights import weights
from defacewatch.signals import Kind, Signal

ENOUGH = 6  # telling words below which nothing is said
SUSPECT = 3  # … of which so many must speak against the page
PLENTY = 8  # … and with fewer than so many the score counts in part: a headline has not said enough
PLAIN = 0.1  # the weight of a word that says something plainly
HEAVIEST = 5  # words that a sentence lists
CERTAIN = 10.0  # log odds that count as certain
WORDS = 400  # telling words kept of one page

_UNSEEN = frozenset(("hidden", "meta", "url"))  # places that nobody reads


@dataclass(frozen=True)
class Model:
    """`words` maps a folded word to its weight (above 0: defacements use it), `bias` is added once. `fit`
    holds the figures of the fit."""

    bias: float
    words: Mapping[str, float]
    fit: Mapping[str, float] = field(default_factory=dict)

    def score(self, found: Iterable[str]) -> float:
        """The log odds that a page with these words is a defacement."""
        return self.bias + sum(self.words.get(word, 0.0) for word in found)


@cache
def model() -> Model:
    return TypeAdapter(Model).validate_python(datafiles.load("wording.yaml"))


def telling(blocks: Sequence[Block], folded: Sequence[Sequence[str]]) -> frozenset[str]:
    """The words of the readable `blocks` (their folded words alongside) that the model knows, at most
    `WORDS`, those that weigh most."""
    known = model().words
    found: set[str] = set()
    for block, words in zip(blocks, folded, strict=True):
        if block.place not in _UNSEEN:
            found.update(known.keys() & words)
    if len(found) <= WORDS:
        return frozenset(found)
    return frozenset(sorted(found, key=lambda word: (-abs(known[word]), word))[:WORDS])


def is_certain(telling: frozenset[str]) -> bool:
    """Whether these words are those of a defacement even where no approved page tells which are new."""
    return model().score(telling) >= CERTAIN / 2


def wording_signals(telling: frozenset[str]) -> Iterator[Signal]:
    """The signal of the new words that the model knows, if enough of them are those of defacements."""
    known = model().words
    against = [word for word in telling if known.get(word, 0.0) > 0]
    if len(telling) < ENOUGH or len(against) < SUSPECT:
        return
    against.sort(key=lambda word: (-known[word], word))
    few = min(1.0, sum(known[word] >= PLAIN for word in against) / PLENTY)
    score = max(0.0, model().score(telling))
    points = weights().on_curve(Kind.WORDING, min(1.0, few * score / CERTAIN))
    if points > 0:
        identity = f"wording~{simhash(map(hash64, against)):016x}"
        yield Signal(Kind.WORDING, points, identity, {"words": against[:HEAVIEST]})
