"""What fell short in a period, as its figures show it: one sentence each."""

from collections.abc import Iterator
from datetime import timedelta

from defacewatch.deadlines import Response
from defacewatch.figures import Figures, Story
from defacewatch.incidents import Resolution, State
from defacewatch.notify.content import incident_code
from defacewatch.notify.hostile import safe
from defacewatch.reports.wording import Wording
from defacewatch.verdicts import VerdictKind

NAMED = 10  # incidents that a sentence names

_HARMLESS = (Resolution.FALSE_ALARM, Resolution.LEGITIMATE)


def shortfalls(figures: Figures, wording: Wording, response: Response) -> Iterator[str]:
    _ = wording._
    stories = figures.stories
    for text, found in (
        (_("No officer is known to have been told: {codes}."), [s for s in stories if s.told_at is None]),
        (
            _("Acknowledged only after they had gone on to the next step, or never: {codes}."),
            [s for s in stories if s.in_time is False],
        ),
        (
            _("Attacks not restored within {limit}: {codes}."),
            [s for s in stories if _is_overdue(s, figures, response.restore_within)],
        ),
        (
            _("Not resolved: {codes}."),
            [s for s in (*figures.carried, *stories) if s.state is not State.RESOLVED],
        ),
        (
            _("Drills that nobody acknowledged: {codes}."),
            [s for s in figures.drills if not s.acknowledged_at],
        ),
    ):
        if found:
            yield text.format(codes=_codes(found, wording), limit=wording.span(response.restore_within))
    for use in figures.channels:
        if use.failed:
            text = _("Channel {channel}: {failed} messages were given up.")
            yield text.format(channel=safe(use.channel, 80), failed=use.failed)
    open_ = sum(bool(handover.missing) for handover in figures.handovers)
    if open_:
        yield _("Handovers not confirmed by everybody: {open}.").format(open=open_)
    total = figures.unwell
    if total:
        yield _("The watch itself, or a channel, was not well for {total} in all.").format(
            total=wording.span(total)
        )


def _is_overdue(story: Story, figures: Figures, limit: timedelta) -> bool:
    if story.verdict is not VerdictKind.DEFACED or story.resolved_as in _HARMLESS:
        return False
    return (story.restored_at or figures.at) - (story.attacked_at or story.opened_at) > limit


def _codes(stories: list[Story], wording: Wording) -> str:
    named = ", ".join(incident_code(story.incident) for story in stories[:NAMED])
    more = len(stories) - NAMED
    others = wording._("and {count} more incidents").format(count=more)
    return f"{named} {others}" if more > 0 else named
