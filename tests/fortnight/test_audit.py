"""The audit finds what it is there to find: each test takes a sound record and spoils one thing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.alerts import Alert, AlertKind, Delivery, DeliveryState
from defacewatch.incidents import Event, Incident, State
from defacewatch.portals import Urgency
from defacewatch.roster import Duty, Officer, Roster, Step
from defacewatch.store.incidents import TimelineEntry
from defacewatch.verdicts import VerdictKind
from tests.fortnight.audit import audit
from tests.fortnight.outside import Received, Wrong
from tests.fortnight.record import Kill, Record
from tests.fortnight.scenario import Story

BEGINS = datetime(2026, 8, 24, tzinfo=UTC)
AT = BEGINS + timedelta(hours=3)
ENDS = BEGINS + timedelta(days=1)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ROSTER = Roster(
    (
        Officer("an", "An", email="an@example.gov.vn", telegram_user=1),
        Officer("binh", "Bình", Duty.SHIFT_LEAD, telegram_user=2),
        Officer("khoa", "Khoa", Duty.ADMIN, telegram_user=3),
    ),
    escalation=(Step(timedelta(0), "an"), Step(10 * MINUTE, Duty.SHIFT_LEAD)),
)
ALERT = Alert(1, AlertKind.DEFACED, Urgency.HIGH, AT, incident=1, page="p-1", step=1)
TELEGRAM = Delivery(
    1, 1, "telegram", "an", DeliveryState.SENT, 1, 0, AT, None, "message_id 7, 2 pictures", None, AT
)
EMAIL = Delivery(
    2, 1, "email", "an", DeliveryState.SENT, 1, 0, AT, None, "2.0.0 Ok: queued as DEMO000001", None, AT
)
ON_TELEGRAM = Received("telegram", "an", "7", AT, 1, frozenset({1}))
BY_MAIL = Received("email", "an", "DEMO000001", AT, 1, frozenset({1}))
INCIDENT = Incident(
    "p-1",
    VerdictKind.DEFACED,
    AT,
    id=1,
    state=State.ACKNOWLEDGED,
    acknowledged_by="an",
    acknowledged_at=AT + MINUTE,
)
SOUND = Record(
    begins=BEGINS,
    ended=ENDS,
    stories=(Story(1, 5, Wrong.DEFACED, AT - 20 * SECOND, AT + timedelta(hours=1)),),
    pages={1: "p-1"},
    roster=ROSTER,
    down={},
    kills=(),
    received=(ON_TELEGRAM, BY_MAIL),
    incidents=(INCIDENT,),
    page_of={1: "p-1"},
    timelines={
        1: (
            TimelineEntry(AT, Event.OPENED, "defacewatch", ""),
            TimelineEntry(AT + MINUTE, Event.ACKNOWLEDGED, "an", "", "telegram"),
        )
    },
    alerts=(ALERT,),
    deliveries=(TELEGRAM, EMAIL),
)


def problems(**spoiled: object) -> str:
    return "\n".join(audit(replace(SOUND, **spoiled)).problems)  # type: ignore[arg-type]


def killed(at: datetime, *sending: Delivery) -> Kill:
    return Kill(at, at + 10 * SECOND, 1, True, sending)


def test_a_sound_record_has_no_problems() -> None:
    found = audit(SOUND)
    assert found.problems == ()
    (reached,) = found.reached
    assert (reached.first, reached.took, reached.limit) == (ON_TELEGRAM, timedelta(0), AT)
    assert found.duplicates == 0


def test_an_alert_that_was_lost_is_found() -> None:
    found = problems(deliveries=(), received=())
    assert "nobody has heard of alert 1" in found
    assert "incident 1 reached nobody" in found


def test_an_attack_that_became_no_incident_is_found() -> None:
    assert "became no incident" in problems(incidents=(), page_of={}, timelines={})


def test_an_incident_of_no_story_is_found() -> None:
    assert "belongs to no story" in problems(
        incidents=(INCIDENT, replace(INCIDENT, id=2, page="p-2")),
        page_of={1: "p-1", 2: "p-2"},
        timelines={**SOUND.timelines, 2: SOUND.timelines[1]},
    )


def test_a_message_that_came_twice_is_found_unless_a_kill_explains_it() -> None:
    twice = (replace(ON_TELEGRAM, receipt="6", at=AT - SECOND), ON_TELEGRAM, BY_MAIL)
    assert "received besides, and no kill explains it" in problems(received=twice)
    sending = replace(TELEGRAM, state=DeliveryState.SENDING, receipt=None, sent_at=None)
    found = audit(replace(SOUND, received=twice, kills=(killed(AT, sending),)))
    assert (found.problems, found.duplicates) == ((), 1)


@pytest.mark.parametrize(
    "kill",
    [
        killed(AT, EMAIL),
        killed(AT + timedelta(hours=1), TELEGRAM),
        replace(killed(AT, TELEGRAM), life=2),
        killed(AT, replace(TELEGRAM, alert=2)),
        killed(AT),
    ],
    ids=["another channel", "an hour later", "another daemon", "another alert", "nothing on the way"],
)
def test_a_kill_explains_only_what_was_on_its_way(kill: Kill) -> None:
    twice = (replace(ON_TELEGRAM, receipt="6"), ON_TELEGRAM, BY_MAIL)
    assert "no kill explains it" in problems(received=twice, kills=(kill,))


def test_a_kill_explains_one_message_and_not_two() -> None:
    thrice = (*(replace(ON_TELEGRAM, receipt=receipt) for receipt in "56"), ON_TELEGRAM, BY_MAIL)
    found = audit(replace(SOUND, received=thrice, kills=(killed(AT, TELEGRAM),)))
    assert found.duplicates == 1
    assert len([line for line in found.problems if "no kill explains it" in line]) == 1


def test_a_message_that_was_received_and_is_said_to_have_failed_is_found() -> None:
    failed = replace(TELEGRAM, state=DeliveryState.FAILED, receipt=None, error="it said no")
    assert "was received, and its delivery 1 is failed" in problems(
        deliveries=(failed, EMAIL), kills=(killed(AT, TELEGRAM),)
    )


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (replace(TELEGRAM, receipt=None), "without a receipt"),
        (replace(TELEGRAM, receipt="message_id 8"), "which no server has given"),
        (replace(TELEGRAM, receipt="message_id 9"), "the receipt of a message to binh"),
        (replace(TELEGRAM, sent_at=AT + timedelta(hours=1)), "was sent at"),
        (replace(TELEGRAM, state=DeliveryState.PENDING), "is pending at the end"),
        (replace(TELEGRAM, state=DeliveryState.FAILED, error=None), "nothing says why"),
    ],
)
def test_a_broken_record_of_a_delivery_is_found(spoiled: Delivery, said: str) -> None:
    elsewhere = Received("telegram", "binh", "9", AT, 1, frozenset({1}))
    assert said in problems(deliveries=(spoiled, EMAIL), received=(*SOUND.received, elsewhere))


def test_a_step_that_tells_somebody_twice_is_found() -> None:
    again = replace(TELEGRAM, id=3, receipt="message_id 8")
    assert "has 2 deliveries to an by telegram" in problems(
        deliveries=(TELEGRAM, EMAIL, again), received=(*SOUND.received, replace(ON_TELEGRAM, receipt="8"))
    )


def test_one_message_may_stand_for_several_deliveries_of_one_officer() -> None:
    other = replace(ALERT, id=2, kind=AlertKind.CALMED)
    digest = replace(TELEGRAM, id=3, alert=2)
    assert problems(alerts=(ALERT, other), deliveries=(TELEGRAM, EMAIL, digest)) == ""


def test_an_alert_with_a_step_to_come_is_found() -> None:
    assert "still to come" in problems(alerts=(replace(ALERT, next_step_at=ENDS),))


def test_a_time_of_another_clock_is_found() -> None:
    assert "is said to have been at 2027" in problems(alerts=(replace(ALERT, at=AT.replace(year=2027)),))


def test_an_incident_that_somebody_has_without_a_history_is_found() -> None:
    assert "its history says" in problems(timelines={1: SOUND.timelines[1][:1]})
    silent = replace(SOUND.timelines[1][1], via="")
    assert "nothing says how" in problems(timelines={1: (SOUND.timelines[1][0], silent)})


def test_telling_somebody_else_is_not_telling_who_is_responsible() -> None:
    wrong = replace(TELEGRAM, officer="khoa")
    found = problems(deliveries=(wrong,), received=(replace(ON_TELEGRAM, officer="khoa"),))
    assert "incident 1 reached nobody who is responsible; told: khoa" in found


def test_the_shift_lead_is_responsible_when_the_step_is_due_and_not_before() -> None:
    early = replace(TELEGRAM, officer="binh", step=1, created_at=AT + MINUTE, sent_at=AT + MINUTE)
    told = replace(ON_TELEGRAM, officer="binh", at=AT + MINUTE)
    assert "reached nobody" in problems(deliveries=(early,), received=(told,))
    due = AT + 10 * MINUTE
    late = replace(early, created_at=due, sent_at=due)
    assert "after" in problems(deliveries=(late,), received=(replace(told, at=due),))
    away = {"telegram": (AT, AT + MINUTE), "email": (AT, ENDS)}
    lost = {"telegram": (AT, AT + 11 * MINUTE), "email": (AT, ENDS)}
    assert "after" in problems(deliveries=(late,), received=(replace(told, at=due),), down=away)
    assert problems(deliveries=(late,), received=(replace(told, at=due),), down=lost) == ""


@pytest.mark.parametrize(
    ("down", "allowed"),
    [
        ({}, timedelta(0)),
        ({"email": (BEGINS, ENDS)}, timedelta(0)),
        ({"telegram": (BEGINS, ENDS)}, 5 * SECOND),
        ({"telegram": (BEGINS, AT + 4 * SECOND)}, 5 * SECOND),
        ({"telegram": (BEGINS, AT + 6 * SECOND), "email": (BEGINS, ENDS)}, 10 * SECOND),
        ({"telegram": (BEGINS, AT + 30 * MINUTE), "email": (BEGINS, ENDS)}, 30 * MINUTE),
    ],
)
def test_the_limit_follows_the_documented_attempts(
    down: dict[str, tuple[datetime, datetime]], allowed: timedelta
) -> None:
    (reached,) = audit(replace(SOUND, down=down)).reached
    assert reached.limit - AT == allowed
    late = AT + allowed + 3 * MINUTE
    found = problems(
        down=down,
        deliveries=(replace(TELEGRAM, sent_at=late),),
        received=(replace(ON_TELEGRAM, at=late),),
    )
    assert "after" in found


def test_a_kill_adds_the_time_without_a_daemon_and_a_lease() -> None:
    (reached,) = audit(replace(SOUND, kills=(killed(AT),))).reached
    assert reached.limit - AT == timedelta(seconds=10 + 60 + 1)
    assert reached.killed
    (reached,) = audit(replace(SOUND, kills=(killed(AT + MINUTE),))).reached
    assert reached.limit == AT
