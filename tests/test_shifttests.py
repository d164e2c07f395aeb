"""What of an officer's channels is tested, what is due to be told of, and what stands after some shifts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from defacewatch.roster import Officer
from defacewatch.shifttests import SHIFTS, ChannelTest, Outcome, due, standings, wanted

AT = datetime(2026, 9, 2, 7, 0, tzinfo=UTC)
WITHIN = timedelta(minutes=15)
TEST = ChannelTest(1, 1, AT, AT, "an", "telegram", sent_at=AT)


def test_each_channel_that_is_on_is_tested() -> None:
    an = Officer(
        "an", "An", email="an@example.gov.vn", telegram_user=1, phone="0900", gateways=("gateway:sms",)
    )
    binh = Officer("binh", "Bình", telegram_user=2)
    assert wanted((an, binh), {"telegram", "gateway:sms", "webhook:siem"}) == (
        ("an", "telegram"),
        ("an", "gateway:sms"),
        ("binh", "telegram"),
    )


def test_a_test_waits_until_its_time_is_over_unless_it_is_answered_or_cannot_be_delivered() -> None:
    before, after = AT + WITHIN - timedelta(seconds=1), AT + WITHIN
    assert TEST.outcome(WITHIN, before) is Outcome.WAITING
    assert TEST.outcome(WITHIN, after) is Outcome.UNPROVED
    late = replace(TEST, asked_at=AT + timedelta(hours=1))
    assert late.outcome(WITHIN, after) is Outcome.WAITING
    assert replace(TEST, failed=True).outcome(WITHIN, before) is Outcome.FAILED
    assert replace(TEST, failed=True, acknowledged_at=AT).outcome(WITHIN, after) is Outcome.PROVED


def test_a_failure_is_due_at_once_silence_when_its_time_is_over_and_each_once() -> None:
    failed = replace(TEST, id=2, channel="email", failed=True)
    proved = replace(TEST, id=3, channel="gateway:sms", acknowledged_at=AT)
    assert due((TEST, failed, proved), WITHIN, AT) == (failed,)
    assert due((TEST, failed, proved), WITHIN, AT + WITHIN) == (TEST, failed)
    assert due((replace(TEST, told_at=AT), failed), WITHIN, AT + WITHIN) == (failed,)


def daily(*answered: bool, channel: str = "telegram") -> list[ChannelTest]:
    """One test a day, the newest first."""
    return [
        replace(TEST, id=-n, at=at, asked_at=at, channel=channel, acknowledged_at=at if yes else None)
        for n, yes in enumerate(answered)
        for at in (AT - timedelta(days=n),)
    ]


def test_a_channel_is_silent_when_none_of_the_last_tests_was_answered() -> None:
    now = AT + WITHIN
    (never,) = standings(daily(False, False, False), WITHIN, now)
    assert (never.silent, never.proved_at, len(never.outcomes)) == (True, None, SHIFTS)
    (once,) = standings(daily(False, False, False, True), WITHIN, now)
    assert (once.silent, once.proved_at) == (True, AT - timedelta(days=3))
    (lately,) = standings(daily(False, False, True), WITHIN, now)
    assert not lately.silent
    (few,) = standings(daily(False, False), WITHIN, now)
    assert not few.silent


def test_each_channel_stands_by_itself_and_what_waits_does_not_count_yet() -> None:
    both = daily(False, False, False) + daily(True, True, True, channel="email")
    assert [(one.channel, one.silent) for one in standings(both, WITHIN, AT + WITHIN)] == [
        ("email", False),
        ("telegram", True),
    ]
    assert standings(daily(False), WITHIN, AT) == ()
