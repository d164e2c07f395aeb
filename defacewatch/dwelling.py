"""Which captures dwell on their page: wait for what its scripts do late."""

import hashlib

from defacewatch.records import Context

EVERY = 6  # captures of a page's round, of which one dwells


class Dwelling:
    """Every sixth capture of a page's round dwells on it for ten seconds, so what a script does late is found
    after six captures at the latest. A restart begins to count anew, and each page begins elsewhere in its
    count: not all dwell at once. What was found late is looked for late until it has gone: the incident
    knows it."""

    def __init__(self) -> None:
        self.brief: dict[str, int] = {}  # captures of each page since one that dwelt on it

    def wants(self, context: Context, *, due: bool) -> bool:
        """Whether the next capture of a page dwells: one that is `due`, not one that a probe calls for.

        Each one does while something is there that only looks that dwell can see, and see gone.
        """
        if context.incident is not None and context.incident.late:
            return True
        return self.has_turn(context.page.id, due=due)

    def has_turn(self, page_id: str, *, due: bool) -> bool:
        """Count a capture of a page; whether it is the one that dwells."""
        spread = hashlib.sha256(page_id.encode()).digest()[0] % (EVERY - 1)
        brief = self.brief.get(page_id, spread) + 1
        dwells = due and brief >= EVERY
        self.brief[page_id] = 0 if dwells else brief
        return dwells
