"""What happens in the fortnight, decided before it begins: by a seed, within what has to be shown."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fortnight.outside import Moment, Wrong
from tests.fortnight.setting import BEGINS, PAGES_EACH, PORTALS, SHIFT_HOURS

Period = tuple[datetime, datetime]
KINDS = (Wrong.DEFACED,) * 5 + (Wrong.CHANGED,) * 3 + (Wrong.UNREACHABLE,) * 2
HOLIDAY = (8, 10)  # the days of the raised watch, 1/9 to 3/9, counted from 0
APART = timedelta(hours=1)  # from the restoring of a page to what happens to it next


@dataclass(frozen=True)
class Story:
    """What happens to one page: an incident, if it is noticed. `page` counts from 1."""

    number: int
    page: int
    wrong: Wrong
    at: datetime
    restored_at: datetime


@dataclass(frozen=True)
class KillPlan:
    """A kill: with the next message after `at` in the trap, or (`moment` None) `delay` real seconds after the
    first step then. The supervisor starts the next daemon after `away`."""

    at: datetime
    moment: Moment | None
    delay: float
    away: timedelta


@dataclass(frozen=True)
class Scenario:
    seed: int
    begins: datetime
    ends: datetime
    stories: tuple[Story, ...]
    kills: tuple[KillPlan, ...]
    telegram_down: Period
    smtp_down: Period
    swap: Period


def scenario(seed: int, *, days: int, incidents: int, kills: int) -> Scenario:
    """Telegram is away for two days, SMTP for an hour: half of it in those days, so that nothing works, and
    half of it after them. A run of less than a week has an hour a day, and twenty minutes."""
    dice = random.Random(seed)
    ends = BEGINS + timedelta(days=days)
    long = timedelta(days=2) if days >= 7 else timedelta(hours=days)
    back = BEGINS + timedelta(days=days * dice.uniform(0.4, 0.5)) + long
    telegram = (back - long, back)
    half = timedelta(minutes=30 if days >= 7 else 10)
    smtp = (back - half, back + half)
    times = _times(dice, days, incidents, telegram, smtp)
    stories = _stories(dice, times)
    swapped = BEGINS + timedelta(days=days * 0.2)
    return Scenario(
        seed,
        BEGINS,
        ends,
        stories,
        _kills(dice, stories, days, kills),
        telegram,
        smtp,
        (swapped, swapped + timedelta(days=1)),
    )


def _times(dice: random.Random, days: int, count: int, telegram: Period, smtp: Period) -> list[datetime]:
    """When something happens: in the outages, at changes of shift, at night, on the holiday, in storms of
    several at once; the rest at any time."""

    def within(period: Period) -> datetime:
        return period[0] + (period[1] - period[0]) * dice.uniform(0.05, 0.9)

    def on(day: int, hour: float) -> datetime:
        return BEGINS + timedelta(days=day, hours=hour) % usable

    usable = timedelta(days=days - 1 or 0.7)  # the rest is for what has begun to end
    last = max(1, days - 1)
    some = max(1, count // 15)
    back = telegram[1]
    times = [within(telegram) for _ in range(2 * some)]
    times += [within((smtp[0], back)) for _ in range(some)] + [within((back, smtp[1])) for _ in range(some)]
    times += [
        on(dice.randrange(last), dice.choice(SHIFT_HOURS)) + timedelta(seconds=dice.uniform(-60, 60))
        for _ in range(some)
    ]
    times += [on(dice.randrange(last), dice.uniform(0, 5)) for _ in range(some)]
    if last > HOLIDAY[1]:
        times += [on(dice.randint(*HOLIDAY), dice.uniform(0, 24)) for _ in range(some)]
    for _ in range(max(1, some // 2)):
        storm = on(dice.randrange(last), dice.uniform(0, 24))
        times += [storm + timedelta(seconds=dice.uniform(0, 90)) for _ in range(max(2, some))]
    while len(times) < count:
        times.append(on(0, dice.uniform(0.5, last * 24)))
    return sorted(times[:count])


def _stories(dice: random.Random, times: list[datetime]) -> tuple[Story, ...]:
    free = dict.fromkeys(range(1, PORTALS * PAGES_EACH + 1), BEGINS)
    stories: list[Story] = []
    for number, at in enumerate(times, 1):
        page = dice.choice([page for page, since in free.items() if since <= at])
        restored = at + timedelta(minutes=dice.uniform(25, 400))
        stories.append(Story(number, page, dice.choice(KINDS), at, restored))
        free[page] = restored + APART
    return tuple(stories)


def _kills(dice: random.Random, stories: tuple[Story, ...], days: int, count: int) -> tuple[KillPlan, ...]:
    """Half of them as an incident's messages go out, half at any time; of both, half at random and half with
    a message on the way."""
    plans: list[KillPlan] = []
    for number in range(count):
        at = BEGINS + timedelta(hours=dice.uniform(0.5, days * 24 - 1))
        if number % 2 and stories:
            at = dice.choice(stories).at + timedelta(seconds=dice.uniform(-5, 60))
        moment = dice.choice((None, None, *Moment))
        away = timedelta(seconds=dice.uniform(2, 20))
        if dice.random() < 0.05:
            away = timedelta(minutes=dice.uniform(3, 10))  # the host was started anew
        plans.append(KillPlan(at, moment, dice.uniform(0.0, 0.08), away))
    return tuple(sorted(plans, key=lambda plan: plan.at))
