"""Fits the model of wording (`defacewatch/compare/wording.py`) and writes `defacewatch/data/wording.yaml`.

Run as `python -m bench.detect.wording [--corpus FOLDER]`. Only the `fit` side of the corpus is read. Rows of
`visible_text.csv` count as `fit` only if they do whether rows are counted from 0 or from 1.

Near copies are one group, so that one crew's template does not outvote the others, and a word is kept only
when several groups use it. What could be a name is left out: a word that speaks against a page must also be
used by ordinary pages, or be one of the words of the trade in `parlance.yaml`.
"""

import argparse
import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from bench.detect import material
from bench.real.corpus import Site, side, sites
from defacewatch.compare import dom, noise, text
from defacewatch.compare.wording import Model

OUT = Path(__file__).parents[2] / "defacewatch" / "data" / "wording.yaml"
PARLANCE = Path(__file__).with_name("parlance.yaml")
CORPUS = Path.home() / ".cache" / "defacewatch-corpus"

WORDS = 1500  # of the model at most
GROUPS = 3  # groups that must use a word
ALIKE = 0.4  # Jaccard similarity from which two pages are one group
CLIP = 2.5  # log odds that one word can add
PENALTY = 0.6  # of the squared weights
PER_SITE = 4  # versions and steps taken of one site
MIRROR_PAGES = 150
FOLDS = 5
STEPS = 250  # of the descent
BIAS = -1.0  # log odds of a page without any telling word: a few words must not inherit doubt
LEAST = 0.03  # a word that weighs less says nothing

_CHARSET = re.compile(rb"charset=[\"']?([\w-]{1,30})", re.IGNORECASE)
_FAIR = re.compile(r"[^\W\d_]{2,18}")  # a word, not a nickname with numbers in it

Words = frozenset[str]
Weight = npt.NDArray[np.float64]


@dataclass
class Sample:
    """The words of one page (or of one step of it), whether it is a defacement, and its group."""

    words: Words
    bad: bool
    group: str
    kind: str


@cache
def parlance() -> Any:
    """What is told by hand: `trade`, words, and `ordinary`, texts."""
    return yaml.safe_load(PARLANCE.read_text(encoding="utf-8"))


def decoded(path: Path) -> str:
    """The text of a page, by the encoding it names."""
    raw = path.read_bytes()
    named = _CHARSET.search(raw[:3000])
    try:
        return raw.decode(named[1].decode() if named else "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def words_of(written: str) -> Words:
    """The folded words of a text."""
    return frozenset(text.words(text.fold(written)))


def words_on(html: str) -> Words:
    """The folded words that can be read on a page, title included."""
    reading = dom.read(html)
    shown = [block.text for block in reading.blocks if block.place != "hidden"]
    return words_of(noise.squeeze(reading.title) + "\n" + "\n".join(shown))


def defacements(corpus: Path) -> Iterator[Sample]:
    """Modern and archived defacement pages without strays, each its own group for now. A page is on the side
    of its make, as where it is scored: what the bench asks about must not have taught."""
    for one in material.defacements(corpus):
        if one.side == "fit":
            yield Sample(words_on(decoded(one.page)), True, one.name, one.source)


def rows(corpus: Path) -> Iterator[Sample]:
    """Visible texts of defaced and of normal pages."""
    csv.field_size_limit(10**8)
    with (corpus / "text" / "visible_text.csv").open(encoding="utf-8", newline="") as file:
        for number, (written, label) in enumerate(list(csv.reader(file))[1:]):
            if side(str(number)) == side(str(number + 1)) == "fit":
                yield Sample(words_of(noise.squeeze(written)), label == "1", f"row {number}", "row")


def ordinary(corpus: Path) -> Iterator[Sample]:
    """Versions and steps of sites, pages of the Vietnamese mirror, error pages and reports about crime."""
    for site in sites(corpus):
        if site.side == "fit" and len(site.versions) > 1:
            yield from _of_site(site)
    mirror = sorted((corpus / "vn" / "sotttt-hanoi").glob("*.html"))
    for number, page in enumerate(mirror[:: max(1, len(mirror) // MIRROR_PAGES)]):
        yield Sample(words_on(decoded(page)), False, f"mirror {number % 15}", "mirror")
    for number, written in enumerate(parlance()["ordinary"]):
        yield Sample(words_of(written), False, f"ordinary {number}", "ordinary")


def _of_site(site: Site) -> Iterator[Sample]:
    spread = np.linspace(0, len(site.versions) - 1, PER_SITE + 1).astype(int)
    chosen = [site.versions[number] for number in sorted(set(spread.tolist()))]
    found = [words_on(decoded(version.folder / version.page)) for version in chosen]
    group = f"site {site.name.removesuffix('_data')}"
    yield from (Sample(words, False, group, "site") for words in found)
    yield from (
        Sample(after - before, False, group, "step") for before, after in pairwise(found) if after - before
    )


def grouped(samples: Sequence[Sample]) -> None:
    """Give near copies among the defacements one group."""
    bad = [sample for sample in samples if sample.bad]
    for number, sample in enumerate(bad):
        for earlier in bad[:number]:
            either = len(sample.words | earlier.words)
            if either and len(sample.words & earlier.words) / either >= ALIKE:
                sample.group = earlier.group
                break


def vocabulary(samples: Iterable[Sample]) -> list[str]:
    """The words that enough groups use and that are no names."""
    users: dict[bool, defaultdict[str, set[str]]] = {True: defaultdict(set), False: defaultdict(set)}
    for sample in samples:
        for word in sample.words:
            users[sample.bad][word].add(sample.group)
    against, fair = users[True], users[False]
    trade = frozenset(parlance()["trade"].split())
    kept = []
    for word in sorted(against.keys() | fair.keys()):
        if not _FAIR.fullmatch(word):
            continue
        known = len(fair.get(word, ())) >= GROUPS
        if known or (word in trade and len(against.get(word, ())) >= GROUPS):
            kept.append(word)
    return kept


def fitted(samples: Sequence[Sample], words: Sequence[str]) -> Weight:
    """Weights of `words`: logistic regression with an L2 penalty and the given bias, by accelerated gradient
    descent (Nesterov 1983). Every group weighs the same, and both sides weigh the same altogether."""
    place = {word: number for number, word in enumerate(words)}
    matrix = np.zeros((len(samples), len(words)), dtype=np.float32)
    for number, sample in enumerate(samples):
        matrix[number, [place[word] for word in sample.words if word in place]] = 1.0
    target = np.array([sample.bad for sample in samples], dtype=np.float32)
    sizes = Counter((sample.bad, sample.group) for sample in samples)
    weight = np.array([1.0 / sizes[sample.bad, sample.group] for sample in samples])
    for bad in (0.0, 1.0):
        weight[target == bad] *= 200.0 / weight[target == bad].sum()
    found = np.zeros(len(words))
    ahead = found.copy()
    rate = 4.0 / (float((weight[:, None] * matrix).sum(axis=0).max()) * 30 + PENALTY)
    for step in range(1, STEPS + 1):
        chance = 1.0 / (1.0 + np.exp(-np.clip(matrix @ ahead + BIAS, -30, 30)))
        miss = weight * (chance - target)
        new = np.clip(ahead - rate * (matrix.T @ miss + PENALTY * ahead), -CLIP, CLIP)
        ahead = new + (step - 1) / (step + 2) * (new - found)
        found = new
    return found


def pruned(samples: Sequence[Sample]) -> Model:
    """The model of `samples`: fitted, cut to the heaviest words, fitted again and rounded."""
    words = vocabulary(samples)
    weight = fitted(samples, words)
    best = sorted(range(len(words)), key=lambda number: -abs(weight[number]))[:WORDS]
    words = sorted(words[number] for number in best)
    weight = fitted(samples, words)
    known = zip(words, np.round(weight, 2).tolist(), strict=True)
    return Model(BIAS, {word: value for word, value in known if abs(value) >= LEAST})


def held_out(samples: Sequence[Sample]) -> Weight:
    """The score of each sample by a model that has not seen its group."""
    names = sorted({sample.group for sample in samples})
    fold = {name: number % FOLDS for number, name in enumerate(names)}
    scores = np.zeros(len(samples))
    for number in range(FOLDS):
        model = pruned([sample for sample in samples if fold[sample.group] != number])
        for place, sample in enumerate(samples):
            if fold[sample.group] == number:
                scores[place] = model.score(sample.words)
    return scores


def figures(samples: Sequence[Sample], scores: Weight) -> dict[str, float]:
    """What the fit reached on groups it had not seen."""
    bad = np.array([sample.bad for sample in samples])
    result: dict[str, float] = {
        "defacements": int(bad.sum()),
        "ordinary": int((~bad).sum()),
        "groups": len({sample.group for sample in samples}),
    }
    for rate in (0.01, 0.0):
        limit = max(0.0, float(np.quantile(scores[~bad], 1.0 - rate)))
        result[f"recall at {100 * rate:g} % false"] = round(float((scores[bad] > limit).mean()), 3)
        result[f"log odds at {100 * rate:g} % false"] = round(limit, 2)
        for kind in ("modern", "archived", "row"):
            chosen = np.array([sample.bad and sample.kind == kind for sample in samples])
            share = float((scores[chosen] > limit).mean())
            result[f"recall at {100 * rate:g} % false, {kind}"] = round(share, 3)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    corpus = parser.parse_args().corpus
    samples = [s for s in (*defacements(corpus), *rows(corpus), *ordinary(corpus)) if s.words]
    grouped(samples)
    found = figures(samples, held_out(samples))
    model = pruned(samples)
    content = {"fit": found, "bias": model.bias, "words": dict(model.words)}
    head = (
        "# Made by `python -m bench.detect.wording`: see defacewatch/compare/wording.py. Not to be edited.\n"
    )
    OUT.write_text(head + yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    print(yaml.safe_dump(found, sort_keys=False), len(model.words), "words")


if __name__ == "__main__":
    main()
