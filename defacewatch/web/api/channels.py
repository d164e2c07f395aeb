"""Channels: whether they work, their tests at changes of shift, tests that are asked for, test alerts."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.store.channeltests import Tried
from defacewatch.store.trials import Trial
from defacewatch.web import tour, trying
from defacewatch.web.api import channellines as lines
from defacewatch.web.api.acting import VIA, officer, source
from defacewatch.web.api.cursors import listed, number
from defacewatch.web.api.described import get, post
from defacewatch.web.api.shared import Body, Pages, Word
from defacewatch.web.console import console_of
from defacewatch.web.desk import roster_of
from defacewatch.web.duty import Health, health_of

TAG = "duty"


class Received(Body):
    channel: Annotated[Word, Field(description="As the list of tests names it.")]


class Asking(Body):
    officer: Annotated[Word, Field(description="An officer's key.")]
    channel: Annotated[Word | None, Field(description="One channel; all that are on by default.")] = None


class Alerting(Body):
    to: Annotated[Word | None, Field(description="An officer's key; those on duty by default.")] = None


@get("/channels", lines.Channels, tag=TAG)
async def channels(request: web.Request) -> shapes.Line:
    """The channels that are on: whether each answers, and what waits for it."""
    console = console_of(request)
    found = await health_of(console, await roster_of(request), console.clock())
    return {"channels": [_health(one) for one in found]}


@get("/channel-tests", lines.ChannelTests, tag=TAG)
async def channel_tests(request: web.Request, query: Pages) -> web.Response:
    """The tests of channels, newest first. `limit` counts changes of shift, with all tests of each."""
    console = console_of(request)
    within, now = console.roster().shift_test.within, console.clock()
    before = number("channel_tests", query.cursor)
    found = await console.store.channel_tests.last(query.limit + 1, before=before)
    shifts = list(dict.fromkeys(test.handover for test in found))
    shown = shifts[: query.limit]
    told = [shapes.channel_test_line(test, within, now) for test in found if test.handover in shown]
    return listed(request, "channel_tests", told, (shown[-1],) if len(shifts) > len(shown) else None)


@post("/channel-tests/received", lines.ChannelTestLine, tag=TAG)
async def received(request: web.Request, body: Received) -> shapes.Line:
    """Say that the message of this shift has arrived on a channel, as the officer whose token it is."""
    console, now = console_of(request), console_of(request).clock()
    test = await console.store.channel_tests.received(
        body.channel, officer=await officer(request), via=VIA, now=now, source=source(request)
    )
    return shapes.channel_test_line(test, console.roster().shift_test.within, now)


@get("/channel-tests/asked", lines.TriedTests, tag=TAG)
async def asked(request: web.Request) -> shapes.Line:
    """What became of the latest tests that somebody asked for, the newest first."""
    return {"tests": [_tried(one) for one in await console_of(request).store.channel_tests.tried()]}


@post("/channel-tests/ask", lines.TestAsked, tag=TAG, status=HTTPStatus.CREATED)
async def ask(request: web.Request, body: Asking) -> shapes.Line:
    """Send a test to oneself, or to others for whoever arranges (shift leads, administrators): a message on
    one channel or on all. Once a minute for an officer."""
    return {"alert": await trying.ask(request, body.officer, body.channel, via=source(request))}


@get("/test-alert", lines.LastTrial, tag=TAG)
async def trial(request: web.Request) -> shapes.Line:
    """The test alert that was sent last, and what became of it."""
    last = await console_of(request).store.trials.last()
    return {"trial": None if last is None else _trial(last)}


@post("/test-alert", lines.TestAlert, tag=TAG, status=HTTPStatus.CREATED)
async def test_alert(request: web.Request, body: Alerting) -> shapes.Line:
    """Send a test alert to an officer or to those on duty, on every channel that they have."""
    return {"officers": list(await tour.try_out(request, body.to or "", via=source(request)))}


def _health(one: Health) -> shapes.Line:
    return {
        "channel": one.channel,
        "works": one.trouble is None,
        "error": one.trouble,
        "reaches": one.reaches,
        "waiting": one.waiting,
        "failed": one.failed,
    }


def _tried(one: Tried) -> shapes.Line:
    return {
        "officer": one.officer,
        "channel": one.channel,
        "at": shapes.moment(one.at),
        "by": one.by,
        "state": one.state.value,
        "sent_at": shapes.moment(one.sent_at),
        "receipt": one.receipt,
        "error": one.error,
    }


def _trial(trial: Trial) -> shapes.Line:
    return {
        "at": shapes.moment(trial.at),
        "officers": [alert.officer or "" for alert in trial.alerts],
        "waiting": trial.waiting,
        "passed": trial.passed,
        "unreached": list(trial.unreached),
        "deliveries": [shapes.delivery_line(delivery) for delivery in trial.deliveries],
    }


OPERATIONS = (channels, channel_tests, received, asked, ask, trial, test_alert)
