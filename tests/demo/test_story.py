"""`make demo`, whole: it is the first thing a stranger runs."""

from pathlib import Path

import pytest

from defacewatch.demo.portal import DemoPortal
from defacewatch.demo.story import tell

pytestmark = pytest.mark.timeout(400)  # a busy machine needs its time for each capture


async def test_the_demo_tells_of_the_defacement_and_not_of_the_update(tmp_path: Path) -> None:
    assert await tell(tmp_path, language="en", keep=False, browser=None)
    left = {path.name for path in tmp_path.iterdir()}
    assert left >= {"alert.eml", "alert.html", "before.jpg", "after.jpg", "telegram.txt", "incident.png"}
    assert "DEFACEMENT" in (tmp_path / "telegram.txt").read_text("utf-8").upper()


async def test_the_demo_fails_when_the_update_is_an_attack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def vandalise(portal: DemoPortal) -> str:
        portal.inject_links()
        return "…"

    monkeypatch.setattr(DemoPortal, "publish_update", vandalise)
    assert not await tell(tmp_path, language="en", keep=False, browser=None)
