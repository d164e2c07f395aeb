"""The attacks of the benchmark, each made of a page as it was; every one is drawn anew from seeded dice.

Marks, messages and hosts are invented; the only real ones are the defacement pages of the corpus, which
`replacements` serves from where they lie.
"""

from bench.detect.attacks.elsewhere import ELSEWHERE
from bench.detect.attacks.hidden import HIDDEN
from bench.detect.attacks.injected import INJECTED
from bench.detect.attacks.replacement import replacements
from bench.detect.attacks.shown import SHOWN
from bench.detect.attacks.slow import SLOW
from bench.detect.attacks.wording import WORDING
from bench.detect.scene import Kind

ATTACKS: tuple[Kind, ...] = (*WORDING, *SHOWN, *ELSEWHERE, *HIDDEN, *INJECTED, *SLOW)

__all__ = ["ATTACKS", "replacements"]
