"""Fits how much each kind of signal weighs, on the fit side of the corpus only.

`python -m bench.detect.fit OUTCOMES.json [--write]` reads what `bench detect --side fit --json` judged, finds
one factor a kind that separates attacks from legitimate steps best, and with `--write` scales the points in
defacewatch/data/weights.yaml by them and notes the figures there. The points by hand are the prior: this is
penalised logistic regression (Hastie, Tibshirani & Friedman 2009, 4.4.4) on two borders at once, evidence of
attack at `DEFACED_AT` and the score at `CHANGED_AT`, by coordinate descent.
"""

import argparse
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.detect.score import LEARNING
from defacewatch.signals import KINDS, Kind, Role
from defacewatch.verdicts import CHANGED_AT, DEFACED_AT

WEIGHTS = Path(__file__).resolve().parents[2] / "defacewatch" / "data" / "weights.yaml"
MARGIN = 3.0  # points on the right side of a border that a case should have
SOFTNESS = 4.0  # points over which a case goes from right to wrong
ORDINARY = 12.0  # one row of ordinary steps counts as so many rows of attacks
PRIOR = 2.0  # how strongly the points by hand hold
GRID = tuple(round(0.7 + 0.05 * n, 2) for n in range(13))  # factors, 0.7 to 1.3
ROUNDS = 4
GAIN = 0.01  # of the loss: what gains less than this is no reason to change a point
SALIENT = 10.0  # kinds that give less at most are kept below what makes an incident news
# What stands beside points and is none: factors of their own.
FACTORS = re.compile(
    r"(?<![\w-])(weak|embedded(?:-(?!most)\w+)?|gone|alien|consent|renewed|standing): *[\d.]+"
)

# Points that stay as they are: what the engine holds against a border of its own, and where one event alone
# is put on one side of a border on purpose (a script of a stranger is `defaced`, another icon `changed`).
HELD = frozenset(
    kind.value
    for kind in (
        Kind.MAKE_UP, Kind.SCRIPT_HOST, Kind.FRAME_HOST, Kind.FORM_HOST, Kind.PACKED_SCRIPT,
        Kind.ALTERED_SCRIPT, Kind.OFFSITE_REDIRECT, Kind.HIDDEN_LINKS, Kind.DIALOG,
        Kind.DEFACE_PHRASE, Kind.SPAM_TERMS, Kind.ICON, Kind.VACANT, Kind.BLANK_SCREEN, Kind.PICTURES,
    )
)  # fmt: skip
ROUNDED = 1e-6  # points: sums of tenths

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Cases:
    """`points` is cases x kinds, of what can make a page changed, `evidence` of what can make it defaced.
    What is wanted on each border (1, 0, or NaN where it is open), and how much a case counts."""

    kinds: tuple[str, ...]
    points: Floats
    evidence: Floats
    changed: Floats
    defaced: Floats
    weight: Floats

    def scored(self, factors: Floats) -> tuple[Floats, Floats]:
        """Score and evidence of each case."""
        return self.points @ factors, self.evidence @ factors

    def said(self, factors: Floats) -> tuple[Bools, Bools]:
        """Whether each case is at least changed, and whether it is defaced, as `verdicts.judge` says it."""
        score, evidence = self.scored(factors)
        defaced = evidence >= DEFACED_AT - ROUNDED
        return (score >= CHANGED_AT - ROUNDED) | defaced, defaced

    def loss(self, factors: Floats) -> float:
        score, evidence = self.scored(factors)
        # evidence alone also makes it bad, whatever the sum says
        wrong = _wrong(np.maximum(score - CHANGED_AT, evidence - DEFACED_AT), self.changed)
        wrong = wrong + _wrong(evidence - DEFACED_AT, self.defaced)
        return float((self.weight * wrong).sum() + PRIOR * (np.log(factors) ** 2).sum())

    def right(self, factors: Floats) -> Mapping[str, float]:
        """The weighted share of cases on the right side of each border."""
        changed, defaced = self.said(factors)
        found = {}
        for name, said, wanted in (
            ("changed", changed, self.changed),
            ("defaced", defaced, self.defaced),
        ):
            known = ~np.isnan(wanted)
            same = said[known] == (wanted[known] > 0)
            found[name] = float(np.average(same, weights=self.weight[known]))
        return found


def _wrong(over: Floats, wanted: Floats) -> Floats:
    """The logistic loss of being `over` a border by so many points; none where it is open."""
    side = np.where(np.isnan(wanted), 0.0, np.where(wanted > 0, 1.0, -1.0))
    loss = np.logaddexp(0.0, (MARGIN - side * over) / SOFTNESS)
    return np.where(side == 0.0, 0.0, loss)


def cases_of(outcomes: Sequence[Mapping[str, Any]]) -> Cases:
    """The judged cases that say something about weights. Each row of the table counts the same, whatever its
    number of cases."""
    fitted = tuple(kind.value for kind in Kind if KINDS[kind].role not in (Role.OUTAGE, Role.NOTE))
    place = {kind: n for n, kind in enumerate(fitted)}
    kept = [one for one in outcomes if _wanted(one) is not None]
    rows: dict[tuple[str, str], int] = {}
    for one in kept:
        rows[one["group"], one["row"]] = rows.get((one["group"], one["row"]), 0) + 1
    points = np.zeros((len(kept), len(fitted)))
    evidence = np.zeros_like(points)
    weight = np.zeros(len(kept))
    changed, defaced = np.full(len(kept), math.nan), np.full(len(kept), math.nan)
    for n, one in enumerate(kept):
        # Behind what hides the page, and without a baseline, evidence alone says something.
        unseen = one["hides"] or one["group"] == LEARNING
        counted = {Role.EVIDENCE} if one["explained"] else {Role.EVIDENCE, Role.REPLACEMENT}
        for kind, role, given, _ in one["signals"]:
            if kind in place:
                points[n, place[kind]] += 0.0 if unseen else given
                evidence[n, place[kind]] += given if role in counted else 0.0
        wanted = _wanted(one)
        assert wanted is not None
        changed[n], defaced[n] = wanted
        weight[n] = (ORDINARY if one["row"] == "ordinary" else 1.0) / rows[one["group"], one["row"]]
    return Cases(fitted, points, evidence, changed, defaced, weight)


def _wanted(one: Mapping[str, Any]) -> tuple[float, float] | None:
    """(changed, defaced) as 1, 0 or NaN for open; None for a case that teaches nothing about weights."""
    return {
        "defaced": (1.0, 1.0),
        "changed": (1.0, math.nan),
        "clean": (0.0, 0.0),
        "not-defaced": (math.nan, 0.0),
        "unreachable": (math.nan, 0.0),
    }.get(one["expect"])


def fitted(cases: Cases, *, fixed: frozenset[str]) -> Floats:
    """One factor a kind; kinds that are `fixed` or never seen keep 1. No factor is taken that puts more cases
    on the wrong side of a border than before, however much smoother the rest becomes."""
    factors = np.ones(len(cases.kinds))
    right = cases.right(factors)
    free = [n for n, kind in enumerate(cases.kinds) if kind not in fixed and cases.points[:, n].any()]
    for _ in range(ROUNDS):
        before = factors.copy()
        for n in free:
            tried = []
            for value in GRID:
                factors[n] = value
                found = cases.right(factors)
                if value == before[n] or all(found[border] >= right[border] for border in right):
                    tried.append((cases.loss(factors), abs(value - 1.0), value))
            factors[n] = min(tried)[2]
            right = cases.right(factors)
        if np.array_equal(before, factors):
            break
    return factors


def fixed(text: str) -> frozenset[str]:
    """The kinds that keep their points: those that give little at most in weights.yaml, and `HELD`."""
    low = re.findall(r"^  ([\w-]+): (\d+(?:\.\d+)?)$", text.partition("\nmost:")[2], re.MULTILINE)
    return HELD | {kind for kind, most in low if float(most) < SALIENT}


def scaled(text: str, factors: Mapping[str, float], note: Sequence[str]) -> str:
    """weights.yaml with every kind's points scaled, and `note` as its last comment."""
    text = text.partition("\n# Fitted ")[0].rstrip() + "\n"
    for kind, factor in factors.items():
        if factor != 1.0:
            text = re.sub(
                rf"^(  {re.escape(kind)}:)(.*(?:\n    .*)*)",
                lambda found, factor=factor: found[1] + _scaled(found[2], factor),  # type: ignore[misc]
                text,
                flags=re.MULTILINE,
            )
    return text + "\n" + "".join(f"# {line}\n" for line in note)


def _scaled(values: str, factor: float) -> str:
    kept: list[str] = []

    def away(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\0{chr(len(kept) - 1 + 0xE000)}"

    def number(found: re.Match[str]) -> str:
        return f"{float(found[0]) * factor:.3g}"

    values = FACTORS.sub(away, values)
    if "[[" in values:
        values = re.sub(r"(\[[\d.]+, *)([\d.]+)\]", lambda f: f"{f[1]}{float(f[2]) * factor:.3g}]", values)
    else:
        values = re.sub(r"(?<![\w.-])\d+(?:\.\d+)?", number, values)
    return re.sub(r"\0(.)", lambda found: kept[ord(found[1]) - 0xE000], values)


def main(argv: Sequence[str]) -> int:
    """Prints the factors and what they change; with `--write` they are put into weights.yaml."""
    parser = argparse.ArgumentParser(prog="python -m bench.detect.fit", description=__doc__)
    parser.add_argument("outcomes", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(argv)
    content = json.loads(options.outcomes.read_text("utf-8"))
    if content.get("side") != "fit":
        sys.stderr.write("bench fit: these outcomes are not of the fit side; nothing is tuned on the other\n")
        return 2
    if content.get("only") or content.get("limit"):
        sys.stderr.write(
            "bench fit: these outcomes are a part of the bench; weights are fitted on all of it\n"
        )
        return 2
    text = WEIGHTS.read_text("utf-8")
    cases = cases_of(content["outcomes"])
    before, factors = np.ones(len(cases.kinds)), fitted(cases, fixed=fixed(text))
    if cases.loss(before) - cases.loss(factors) < GAIN * cases.loss(before):
        factors = before
    found = {kind: float(f) for kind, f in zip(cases.kinds, factors, strict=True) if f != 1.0}
    was, now = cases.right(before), cases.right(factors)
    note = [
        f"Fitted by bench/detect/fit.py on the fit side: {len(cases.weight)} judged cases,"
        f" loss {cases.loss(before):.2f} -> {cases.loss(factors):.2f};",
        f"right side of changed {was['changed']:.2%} -> {now['changed']:.2%},"
        f" of defaced {was['defaced']:.2%} -> {now['defaced']:.2%} (each kind of case counts the same).",
    ]
    sys.stdout.write("\n".join([*note, *(f"{kind}: x {factor:g}" for kind, factor in found.items())]) + "\n")
    if options.write:
        WEIGHTS.write_text(scaled(text, found, note), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
