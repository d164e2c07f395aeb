"""What goes into messages, from a real store."""

import asyncio
import threading
from contextlib import suppress

import pytest

from defacewatch import notices
from defacewatch.alerts import DeliveryState
from defacewatch.notify.pictures import picture
from tests.store.samples import DEFACED, checked, registered
from tests.test_outbox import Desk, desk

__all__ = ["desk"]


async def test_the_picture_of_an_alert_is_made_once_for_all_its_messages_and_while_pages_are_probed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_in: list[int] = []

    def making(screenshot: bytes) -> bytes:
        made_in.append(threading.get_ident())
        return picture(screenshot)

    monkeypatch.setattr(notices, "picture", making)
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock(), mark="b")
    await desk.outbox.drain()
    assert [state for *_, state in await desk.told()] == [DeliveryState.SENT] * 2
    assert any(message.pictures for message in desk.api.sent)
    (thread,) = made_in
    assert thread != threading.get_ident(), "the event loop goes on"


@pytest.mark.parametrize("went", ["cancelled", "failed"])
async def test_a_picture_that_was_given_up_or_failed_is_made_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, went: str
) -> None:
    begun, let_go, failing = asyncio.Event(), threading.Event(), [True]
    loop = asyncio.get_running_loop()

    def making(screenshot: bytes) -> bytes:
        if not failing:
            return picture(screenshot)
        failing.clear()
        loop.call_soon_threadsafe(begun.set)
        let_go.wait(10)
        raise RuntimeError("ours")

    monkeypatch.setattr(notices, "picture", making)
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock(), mark="b")
    sending = asyncio.create_task(desk.outbox.drain())
    async with asyncio.timeout(10):
        await begun.wait()
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    (made,) = desk.outbox.notices._pictures.values()
    if went == "cancelled":
        made.cancel()
    let_go.set()
    await asyncio.wait([made])
    delivery, *_ = await desk.deliveries()
    assert (await desk.outbox.notices.notice(delivery)).after is not None


async def test_a_message_does_not_wait_for_a_picture_that_does_not_come(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()

    def making(screenshot: bytes) -> bytes:
        let_go.wait(60)
        return picture(screenshot)

    monkeypatch.setattr(notices, "picture", making)
    monkeypatch.setattr(notices, "PICTURE_WITHIN", 0.1)
    await checked(desk.store, await registered(desk.store), DEFACED, desk.clock(), mark="b")
    await desk.outbox.drain()
    assert [state for *_, state in await desk.told()] == [DeliveryState.SENT] * 2
    assert not any(message.pictures for message in desk.api.sent)
    (made,) = desk.outbox.notices._pictures.values()
    let_go.set()
    assert await made, "the next message has it"
