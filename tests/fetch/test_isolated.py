import os

from defacewatch.fetch.chromium import Chromium, find_chromium
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.proxy import FilteringProxy
from defacewatch.fetch.tab import Tab
from tests.fetch.portal import Portal, page

LYING = """<!doctype html><title>{0}</title>
<script>window.mark = "{0}"; JSON.stringify = () => "none"</script>"""
ASKED = "[document.title, typeof window.mark, JSON.stringify(1)]"


async def test_each_document_is_asked_in_a_world_of_its_own_and_another_main_frame_is_found(
    portal: Portal,
) -> None:
    portal.answers["/one"] = page(LYING.format("one"))
    portal.answers["/two"] = page(LYING.format("two"))
    chromium = await Chromium.launch(find_chromium(None), sandbox=os.geteuid() != 0)
    try:
        async with FilteringProxy(Guard(["127.0.0.0/8"])).session() as session:
            tab = await Tab.open(chromium, session.server)
            await tab.page.goto(portal.url("/one"))
            assert await tab.world.evaluate(ASKED, within=5) == ["one", "undefined", "1"]
            await tab.page.goto(portal.url("/two").replace("127.0.0.1", "localhost"))
            assert await tab.world.evaluate(ASKED, within=5) == ["two", "undefined", "1"]
            tab.world._frame = "0" * 32
            assert await tab.world.evaluate(ASKED, within=5) == ["two", "undefined", "1"]
            assert await tab.close(5)
    finally:
        await chromium.end()
