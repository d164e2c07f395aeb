"""The wall."""

import re

from defacewatch.handovers import Handover
from defacewatch.incidents import Resolution
from defacewatch.language import Sentence
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.verdicts import Verdict, VerdictKind
from tests.conftest import Clock
from tests.store.samples import CHANGED, CLEAN, DEFACED, UNREACHABLE
from tests.web.conftest import Around, Client
from tests.web.seeds import HOSTILE, MINUTE, NOW, attacked, checked, portal, registered

SCRIPTS = [
    ['<script src="/static/refresh.js" defer>', '<script src="/static/wall.js" defer>'],
    ['<script src="/static/refresh.js" defer>', '<script src="/static/compare.js" defer>'],
]


async def shown(reader: Client, path: str = "/") -> str:
    answer = await reader.get(path)
    assert answer.status == 200
    return await answer.text()


def order(text: str) -> list[str]:
    found = re.findall(r'<(?:tr|li) class="(?:tile )?r-([a-z ]+)" id=', text)
    return [name.removesuffix(" waiting") for name in found]


async def test_an_empty_store_says_that_nothing_is_registered(reader: Client) -> None:
    text = await shown(reader)
    assert "No portal is registered yet" in text
    assert "portals.yaml" in text


async def test_pages_stand_worst_first_and_paused_ones_last(reader: Client, store: Store) -> None:
    keys = ("quiet", "away", "new", "odd", "resting")
    await store.portals.apply([portal(key) for key in keys], now=NOW)
    found = {p.key: p.pages[0].id for p in await store.portals.all()}
    await checked(store, found["quiet"], CLEAN)
    await checked(store, found["odd"], CHANGED)
    await checked(store, found["resting"], CHANGED)
    await checked(store, found["away"], UNREACHABLE)
    await store.portals.pause("resting", by="an", now=NOW)
    for path in ("/", "/?view=rows"):
        text = await shown(reader, path)
        assert order(text) == ["changed", "unreachable", "clean", "none", "changed paused"]
        assert "A page has changed in an unusual way" in text


async def test_a_quiet_watch_says_so(reader: Client, store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN)
    text = await shown(reader)
    assert "All pages look as approved" in text
    assert "Unresolved incidents" not in text


async def test_how_old_the_oldest_capture_is_stands_above_the_wall_of_pages_that_are_watched(
    reader: Client, store: Store, clock: Clock
) -> None:
    await store.portals.apply([portal(key) for key in ("a", "b", "c", "resting")], now=NOW)
    found = {p.key: p.pages[0].id for p in await store.portals.all()}
    text = await shown(reader)
    assert '<dt>Oldest capture</dt><dd id="oldest">–</dd>' in text
    assert "not captured yet: 4<" in text
    await checked(store, found["resting"], CLEAN, NOW - 300 * MINUTE, mark="a")
    await store.portals.pause("resting", by="an", now=NOW)
    await checked(store, found["a"], CLEAN, NOW - 28 * MINUTE, mark="a")
    await checked(store, found["b"], CLEAN, NOW - 3 * MINUTE, mark="a")
    await checked(store, found["b"], CLEAN, NOW - 1 * MINUTE)
    clock.now = NOW
    text = await shown(reader)
    assert re.search("<dt>Oldest capture</dt><dd [^>]*><time [^>]*>28 minutes ago<", text)
    assert "not captured yet: 1<" in text
    await checked(store, found["c"], CLEAN, NOW, mark="a")
    assert "not captured yet" not in await shown(reader)


async def test_not_all_is_well_while_a_page_was_never_checked(reader: Client, store: Store) -> None:
    await store.portals.apply([portal(key) for key in ("a", "b", "c")], now=NOW)
    found = {p.key: p.pages[0].id for p in await store.portals.all()}
    await checked(store, found["a"], CLEAN)
    assert ">Some pages have not been checked yet</h1>" in await shown(reader)
    await checked(store, found["b"], Verdict(VerdictKind.LEARNING))
    assert ">Some pages have not been checked yet</h1>" in await shown(reader)
    await store.portals.pause("c", by="an", now=NOW)
    text = await shown(reader)
    assert ">All is quiet; some pages wait for their baseline</h1>" in text
    assert "2 portals, 2 pages watched; portals paused: 1" in text
    for key in ("a", "b"):
        await store.portals.pause(key, by="an", now=NOW)
    assert ">The watch of all portals is paused</h1>" in await shown(reader)


async def test_a_drill_says_so_and_is_no_alarm(reader: Client, store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN)
    drill = await store.portals.drill_page("hungyen", now=NOW)
    await checked(store, drill.id, DEFACED, NOW, mark="b")
    text = await shown(reader)
    assert ">All pages look as approved</h1>" in text
    assert "A drill is under way; its unresolved incidents: 1" in text
    assert '<h3><span class="drillmark">DRILL</span> <bdi>' in text
    assert 'class="card c-defaced drill" href' in text
    assert "<title>All pages look as approved" in text
    await store.incidents.resolve(1, as_=Resolution.DRILL, by="an", now=NOW + MINUTE)
    text = await shown(reader)
    assert "A drill is under way" not in text
    assert "<b>DRILL:</b> <bdi>" in text


async def test_an_open_incident_leads_to_its_page_and_shows_its_picture_and_strongest_sign(
    reader: Client, store: Store, clock: Clock
) -> None:
    _, incident = await attacked(store)
    clock.now = NOW + 12 * MINUTE
    text = await shown(reader)
    assert f'href="/incidents/{incident}"' in text
    assert "SC-000001" in text
    assert "A page may have been attacked" in text
    assert "Waiting to be acknowledged" in text
    assert "words of a defacement in the title: “hacked by x”" in text
    assert "2 minutes ago" in text
    picture = re.search(r'src="(/pictures/[0-9a-f]{64}\?small)"', text)
    assert picture is not None
    assert (await reader.get(picture[1])).content_type == "image/jpeg"


async def test_an_attack_that_nobody_resolved_leads_even_while_its_portal_is_paused(
    reader: Client, store: Store
) -> None:
    await attacked(store)
    await store.portals.pause("hungyen", by="an", now=NOW)
    assert "A page may have been attacked" in await shown(reader)


async def test_times_are_local_and_carry_their_moment(reader: Client, store: Store, clock: Clock) -> None:
    await attacked(store)
    clock.now = NOW + 12 * MINUTE
    text = await shown(reader)
    assert (
        '<time datetime="2026-09-02T07:40:00+00:00" title="14:40:00 02/09/2026 (GMT+7)">14:40:00</time>'
        in text
    )


async def test_what_a_page_says_of_itself_is_shown_as_text(reader: Client, store: Store) -> None:
    _, incident = await attacked(store, said=HOSTILE)
    for path in ("/", f"/incidents/{incident}", "/?lang=vi"):
        text = await shown(reader, path)
        assert "<img src=x" not in text
        assert "alert(&#34;x&#34;)" in text
        assert "\u202e" not in text
        assert re.findall(r"<script[^>]*>", text) == SCRIPTS[path.startswith("/incidents")]


async def test_who_is_on_duty_and_what_ails_the_monitor_stand_on_top(reader: Client, around: Around) -> None:
    around.problems = [Sentence("browser: failed {count} times in a row", {"count": 3})]
    text = await shown(reader)
    assert "<b>Nguyễn Văn An</b>" in text
    assert "The monitor is not well: browser: failed 3 times in a row" in text
    around.duty.clear()
    assert '<span class="nobody">nobody</span>' in await shown(reader)
    assert "trình duyệt: lỗi 3 lần liên tiếp" in await shown(reader, "/?lang=vi")


async def test_messages_that_could_not_be_sent_are_counted(reader: Client, store: Store) -> None:
    await attacked(store)
    text = await shown(reader)
    assert re.search(r'class="alarm"><dt>Messages waiting / given up</dt><dd>0 / 1</dd>', text)


async def test_a_page_that_was_not_checked_for_long_catches_the_eye(
    reader: Client, store: Store, clock: Clock
) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN)
    clock.now = NOW + 5 * MINUTE
    assert 'class="urgent"' not in await shown(reader)
    clock.now = NOW + 11 * MINUTE
    assert 'class="urgent"' in await shown(reader)


async def test_the_page_keeps_itself_up_to_date_with_and_without_script(reader: Client) -> None:
    text = await shown(reader)
    assert '<noscript><meta http-equiv="refresh" content="15;url=?unattended=1"></noscript>' in text
    live = re.findall(r'id="([a-z-]+)" data-live', text)
    assert live == ["duty", "front", "chips", "wall-live", "lately"]
    script = await reader.get("/static/refresh.js")
    assert script.content_type == "text/javascript"


async def test_channels_that_a_shift_has_not_proved_are_named(
    reader: Client, store: Store, around: Around
) -> None:
    assert "Channels that this shift has proved" not in await shown(reader)
    around.roster = Roster((Officer("an", "Nguyễn <b>An</b>"),))
    tests = (("an", "telegram"), ("an", "email"))
    number = await store.handovers.begin(Handover(NOW, (), ("an",), {}), now=NOW, tests=tests)
    assert number is not None
    await store.handovers.confirm(number, officer="an", via="telegram", now=NOW, channel="telegram")
    text = await shown(reader)
    assert "Nguyễn &lt;b&gt;An&lt;/b&gt; – email: not answered" in text
    assert re.search(r'class="alarm"><dt>Channels that this shift has proved</dt><dd>1/2</dd>', text)
    assert "– telegram" not in text


async def test_another_language_leaves_the_filters_as_they_are(reader: Client, store: Store) -> None:
    await registered(store)
    assert 'href="?view=rows&amp;q=h%22y&amp;lang=vi"' in await shown(reader, "/?view=rows&q=h%22y")
    assert 'href="?lang=vi"' in await shown(reader)
