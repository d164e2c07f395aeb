"""What goes into messages, from a real store."""

import threading

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
