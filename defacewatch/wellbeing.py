"""What is wrong with the daemon itself: what a supervisor, the heartbeat and the wall are told."""

from collections.abc import Iterator
from datetime import timedelta

from defacewatch.errands import Errands
from defacewatch.eyes import Eyes
from defacewatch.language import N_, Sentence
from defacewatch.schedule import Schedule
from defacewatch.watchdog import Failures, Watchdog

LATE = timedelta(seconds=60)  # beyond twice its interval, before a page counts as not seen in time
BROWSER_FAILURES = 3  # in a row, before it is said


def ills(
    watchdog: Watchdog,
    eyes: Eyes,
    schedule: Schedule,
    errands: Errands,
    *,
    failures: Failures,
    sending: bool,
    noting: str | None,
) -> Iterator[Sentence]:
    """What is wrong, a sentence each; none while all loops turn. `sending` is whether alerts are being sent,
    `noting` why looks that found nothing new could not be written."""
    for loop, silent in watchdog.late().items():
        yield Sentence(N_("{loop}: silent for {seconds} s"), {"loop": loop, "seconds": f"{silent:.0f}"})
    for loop, (count, why) in failures.lasting().items():
        yield Sentence(
            N_("{loop}: failed {count} times in a row: {why}"), {"loop": loop, "count": count, "why": why}
        )
    for text, pages in (
        (N_("checks not recorded on {count} pages: {why}"), errands.store_trouble),
        (N_("checks cut off on {count} pages: {why}"), schedule.cut_off),
        (N_("evidence not kept on {count} pages: {why}"), eyes.checker.unkept),
    ):
        if pages:
            yield Sentence(text, {"count": len(pages), "why": next(iter(pages.values()))})
    if not sending:
        yield Sentence(N_("alerts: nothing sends them"))
    if noting is not None:
        yield Sentence(N_("looks not recorded: {why}"), {"why": noting})
    unseen, planned = len(schedule.unseen(LATE.total_seconds())), len(schedule.planned)
    if unseen * 2 > planned:
        facts = {"count": unseen, "all": planned}
        yield Sentence(N_("{count} of {all} pages were not seen in time"), facts)
    if errands.browser_failures >= BROWSER_FAILURES:
        yield Sentence(N_("browser: failed {count} times in a row"), {"count": errands.browser_failures})
