"""Points: what each difference adds to the score, read once from `data/weights.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from pydantic import TypeAdapter

from defacewatch.compare import datafiles
from defacewatch.signals import Kind


@dataclass(frozen=True)
class Weights:
    """`points` by kind and case; `curves` are (share, points) corners, straight between them; `most` is what
    one signal of a kind can give."""

    points: Mapping[Kind, Mapping[str, float]]
    curves: Mapping[Kind, tuple[tuple[float, float], ...]]
    most: Mapping[Kind, float]

    def on_curve(self, kind: Kind, share: float) -> float:
        """Points of `kind` at `share` (0..1)."""
        corners = self.curves[kind]
        value = np.interp(share, [corner[0] for corner in corners], [corner[1] for corner in corners])
        return self.bounded(kind, float(value))

    def bounded(self, kind: Kind, points: float) -> float:
        """`points` rounded, and at most what one signal of `kind` can give."""
        return round(min(points, self.most[kind]), 1)


@cache
def weights() -> Weights:
    return TypeAdapter(Weights).validate_python(datafiles.load("weights.yaml"))
