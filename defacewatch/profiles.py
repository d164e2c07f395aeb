"""Profiles: what normally moves on a page, learned from clean captures within bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Profile:
    """How often each part differed from the baseline, over `samples` clean captures.

    Keys: `paths` and `words` 64-bit shingle hashes as decimal text, `tiles` tile numbers, `hosts`
    'role host'; values are counts of captures in which the part differed.
    """

    page: str
    samples: int = 0
    paths: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    tiles: Mapping[str, int] = field(default_factory=dict)
    hosts: Mapping[str, int] = field(default_factory=dict)
