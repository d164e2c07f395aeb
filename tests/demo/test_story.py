"""`make demo`, whole: it is the first thing a stranger runs."""

import asyncio
from contextvars import ContextVar
from pathlib import Path

import pytest

from defacewatch.demo.portal import DemoPortal
from defacewatch.demo.story import tell

attacked: ContextVar[bool] = ContextVar("attacked")  # of the demo that is told

pytestmark = pytest.mark.timeout(400)  # a busy machine needs its time for each capture


async def test_the_demo_tells_of_the_defacement_and_not_of_the_update_and_fails_when_that_is_an_attack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two demos side by side: each waits most of its time."""
    publish, published = DemoPortal.publish_update, []

    def publish_update(portal: DemoPortal) -> str:
        published.append(attacked.get())
        if attacked.get():
            portal.inject_links()
            return "…"
        return publish(portal)

    monkeypatch.setattr(DemoPortal, "publish_update", publish_update)

    async def told(name: str, *, attack: bool) -> bool:
        attacked.set(attack)
        return await tell(tmp_path / name, language="en", keep=False, browser=None)

    usual, vandalised = await asyncio.gather(told("usual", attack=False), told("vandalised", attack=True))
    assert sorted(published) == [False, True]
    assert usual
    assert not vandalised
    left = {path.name for path in (tmp_path / "usual").iterdir()}
    assert left >= {"alert.eml", "alert.html", "before.jpg", "after.jpg", "telegram.txt", "incident.png"}
    assert "DEFACEMENT" in (tmp_path / "usual" / "telegram.txt").read_text("utf-8").upper()
    assert {path.name for path in (tmp_path / "vandalised").iterdir()} == {"daemon.log"}, "it ended there"
