import asyncio
import errno
import io
import os
import signal
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
import pytest_asyncio
import trustme
from PIL import Image
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from defacewatch.captures import Failure, Refusal, Rendering, Resource
from defacewatch.fetch import browser as browser_module
from defacewatch.fetch import rendering as rendering_module
from defacewatch.fetch.browser import GROWN, Browser
from defacewatch.fetch.chromium import Chromium, find_chromium
from defacewatch.fetch.gate import Gate
from defacewatch.fetch.gate import Place as GatePlace
from defacewatch.fetch.guard import Guard, system_lookup
from defacewatch.fetch.memory import Memory
from defacewatch.fetch.proxy import FilteringProxy
from tests.fetch.conftest import NOW, no_descriptors
from tests.fetch.hostile import BLINDING, ENDED, SEEN
from tests.fetch.portal import Asked, Portal, Writer, drip, page, redirect, silence

pytestmark = pytest.mark.asyncio(loop_scope="module")

MB = 1024 * 1024
TIMEOUT = 10.0
AFTER = 12.0  # seconds that a capture may take beyond it on a busy machine, to close and to ask Chromium


def batched(names: Iterable[str], size: int) -> list[tuple[str, ...]]:
    listed = list(names)
    return [tuple(listed[at : at + size]) for at in range(0, len(listed), size)]


@dataclass
class Place:
    """A browser and the portal that it looks at."""

    browser: Browser
    portal: Portal
    guard: Guard
    others: set[psutil.Process]

    def chromiums(self) -> list[psutil.Process]:
        """The leaders of this browser's process groups."""
        return [process for process in leaders() if process not in self.others]

    async def show(self, html: str, path: str = "/") -> Rendering:
        self.portal.answers[path] = page(html)
        return await self.browser.render(self.portal.url(path), now=NOW)


def leaders() -> list[psutil.Process]:
    """The leaders of Chromium's process groups, ours and those of other tests."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if any(word.startswith("--defacewatch=") for word in process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return [process for process in found if os.getpgid(process.pid) == process.pid]


async def lookup(host: str, port: int) -> list[str]:
    if host == "short.example":  # as if this host had no descriptor left for the question
        raise OSError(errno.EMFILE, "Too many open files")
    return await system_lookup(host, port)


@asynccontextmanager
async def place(
    *,
    recycle_after: int = 200,
    timeout: float = TIMEOUT,
    working: int = 4,
    memory: int = 600 * MB,
    together: int | None = None,
    grown: int = GROWN,
) -> AsyncIterator[Place]:
    guard = Guard(["127.0.0.0/8"])
    proxy = FilteringProxy(guard, lookup=lookup)
    portal = Portal()
    browser = Browser(
        proxy,
        executable=find_chromium(None),
        timeout=timedelta(seconds=timeout),
        recycle_after=recycle_after,
        max_height=3000,
        memory=memory,
        together=together,
        grown=grown,
        working=working,
    )
    others = set(leaders())
    await proxy.start()
    await portal.start()
    await browser.start()
    try:
        yield Place(browser, portal, guard, others)
    finally:
        await browser.stop()
        await portal.stop()
        await proxy.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Place]:
    async with place() as made:
        yield made


async def test_a_page_is_seen_as_a_visitor_sees_it_after_its_scripts(here: Place) -> None:
    here.portal.answers["/inner"] = page("inside")
    rendering = await here.show(
        "<!doctype html><title>Cổng thông tin</title><script src=/app.js></script><body>"
        "<h1>Tin tức</h1><p style='display: none'>unseen</p><iframe src=/inner></iframe><script>"
        "console.error('one'); setTimeout(() => { document.querySelector('h1').append(' mới') }, 1000);"
        "setTimeout(() => { missing() }, 0);"
        "document.body.dataset.who = [navigator.language, navigator.webdriver, navigator.userAgent,"
        " Intl.DateTimeFormat().resolvedOptions().timeZone, innerWidth, innerHeight].join('|');"
        "</script>"
    )

    assert (rendering.failure, rendering.status, rendering.title) == (None, 200, "Cổng thông tin")
    assert rendering.final_url == here.portal.url("/")
    assert rendering.html.startswith("<!DOCTYPE html>\n<html")
    assert "Tin tức mới" in rendering.html
    assert rendering.text.strip() == "Tin tức mới"
    assert "vi-VN|false|Mozilla/5.0" in rendering.html
    assert "Headless" not in rendering.html
    assert ("|Asia/Ho_Chi_Minh|1280|800" in rendering.html) or ("|Asia/Saigon|1280|800" in rendering.html)
    assert Resource(here.portal.url("/"), "document", 200) in rendering.resources
    assert Resource(here.portal.url("/app.js"), "script", 404) in rendering.resources
    assert rendering.frames == (here.portal.url("/inner"),)
    assert (rendering.console_errors >= 1, rendering.page_errors) == (True, 1)
    assert Image.open(io.BytesIO(rendering.screenshot)).size == (1280, 800)
    assert rendering.at == NOW
    assert 1 < rendering.elapsed < TIMEOUT


async def test_a_redirect_by_script_is_followed(here: Place) -> None:
    here.portal.answers["/moved"] = page("<title>there</title>")
    rendering = await here.show("<script>setTimeout(() => { location.href = '/moved' }, 100)</script>")
    assert (rendering.title, rendering.final_url) == ("there", here.portal.url("/moved"))


async def test_what_the_guard_refuses_is_kept_and_never_reached(here: Place) -> None:
    secret = Portal()
    await secret.start()
    here.guard.forbid("127.0.0.1", secret.port)
    rendering = await here.show(
        "<h1>here</h1><img src='http://169.254.169.254/latest/'><script>"
        f"fetch('http://10.0.0.1/'); fetch('{secret.url('/own')}'); new WebSocket('ws://[::1]:9999/')</script>"
    )
    await secret.stop()
    assert rendering.failure is None
    assert secret.asked == []
    assert {refusal.url for refusal in rendering.refusals} >= {
        "http://169.254.169.254/latest/",
        "http://10.0.0.1/",
        secret.url("/own"),
    }
    assert Refusal("http://10.0.0.1/", "private address 10.0.0.1") in rendering.refusals
    assert any("::1" in refusal.url for refusal in rendering.refusals)


async def test_webrtc_reaches_nobody_past_the_proxy(here: Place) -> None:
    reached = []

    class Stun(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: object) -> None:
            reached.append(data)

    def accept(reader: asyncio.StreamReader, writer: Writer) -> None:
        reached.append(b"tcp")
        writer.transport.abort()

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Stun, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    listener = await asyncio.start_server(accept, "127.0.0.1", port)
    here.guard.forbid("127.0.0.1", port)
    rendering = await here.show(
        "<p id=said></p><script>const peer = new RTCPeerConnection({iceServers: ["
        f"{{urls: 'stun:127.0.0.1:{port}'}},"
        f"{{urls: 'turn:127.0.0.1:{port}?transport=tcp', username: 'a', credential: 'b'}}]}});"
        "peer.createDataChannel('x'); said.textContent = 'began';"
        "peer.onicecandidate = event => { said.append(event.candidate ? ' leaked' : ' ended') };"
        "peer.createOffer().then(offer => peer.setLocalDescription(offer))</script>"
    )
    transport.close()
    listener.close()
    await listener.wait_closed()
    here.guard.unforbid("127.0.0.1", port)
    assert rendering.text.startswith("began")
    assert "leaked" not in rendering.text
    assert reached == []


async def test_hidden_links_are_found_on_a_page_that_blinds_scripts(here: Place) -> None:
    rendering = await here.show(BLINDING)
    hidden = {href.removeprefix("http://spam.example/"): text for href, text in rendering.hidden_links}
    ways = "none invisible transparent left above shut clip inset indent small scale colour marquee"
    assert hidden == {way: way for way in ways.split()}
    assert rendering.title == "blind"
    assert "in sight" in rendering.text
    assert "far below" in rendering.html


async def test_lazy_images_are_there_and_what_moves_looks_the_same_twice(here: Place) -> None:
    frames = [Image.new("RGB", (200, 100), colour) for colour in ("red", "green", "blue")]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:], duration=70, loop=0)
    here.portal.answers["/moving.gif"] = page(moving.getvalue(), content_type="image/gif")
    here.portal.answers["/lazy.gif"] = page(moving.getvalue(), content_type="image/gif")
    html = (
        "<style>@keyframes spin { to { transform: rotate(1turn) } } @keyframes come { from { opacity: 0 } }"
        ".spin { animation: spin 1s infinite linear } .come { animation: come 30s }</style>"
        "<img src=/moving.gif><div class=spin>turning</div><div class=come>coming</div>"
        "<input autofocus value=caret>"
        "<div style='height: 2400px'></div><div id=late style='height: 100px'></div>"
        "<script>new IntersectionObserver(([seen], observer) => { if (seen.isIntersecting) {"
        "observer.disconnect(); late.innerHTML = '<img src=/lazy.gif>' } }).observe(late)</script>"
    )
    first, second = await asyncio.gather(here.show(html), here.show(html))
    lazy = (here.portal.url("/lazy.gif"), "image", 200)
    assert lazy in [(found.url, found.kind, found.status) for found in first.resources]
    shown = Image.open(io.BytesIO(first.screenshot)).convert("RGB")
    assert shown.size == (1280, first.page_height)
    assert shown.getpixel((20, first.page_height - 60)) == (255, 0, 0)
    assert first.screenshot == second.screenshot


async def test_the_picture_shows_what_was_observed_also_of_a_page_that_goes_on_between_the_two(
    here: Place,
) -> None:
    colours = {"mot": (255, 0, 0), "hai": (0, 0, 255)}
    for name, colour in colours.items():
        file = io.BytesIO()
        Image.new("RGB", (400, 200), colour).save(file, "PNG")
        here.portal.answers[f"/{name}.png"] = page(file.getvalue(), content_type="image/png")
    # its endless animation is ended just before it is observed
    html = (
        "<style>@keyframes away { to { opacity: 0.5 } } i { animation: away 1s infinite }</style>"
        "<body style='margin: 0'><div><img src=/mot.png></div>"
        "<div style='display: none'><img src=/hai.png></div><i>.</i><p style='height: 2000px'>"
        "<script>const [one, other] = document.querySelectorAll('div');"
        "document.querySelector('i').addEventListener('animationcancel', () => setTimeout(() => {"
        "one.style.display = 'none'; other.style.display = 'block' }, AFTER), { once: true })</script>"
    )
    shown = set()
    for after in (30, 60, 120):
        rendering = await here.show(html.replace("AFTER", str(after)))
        (picture,) = rendering.pictures
        name = picture.url.rpartition("/")[2].removesuffix(".png")
        pixels = Image.open(io.BytesIO(rendering.screenshot)).convert("RGB")
        assert pixels.getpixel((picture.left + 50, picture.top + 50)) == colours[name]
        shown.add(name)
    assert "hai" in shown


async def test_a_style_sheet_cannot_tell_that_the_page_is_looked_at(here: Place) -> None:
    rendering = await here.show(
        "<style>@media (scripting: none) { .bad { display: none } body { background: blue } }"
        "@media (scripting: enabled) { .good { display: none } body { background: red } }</style>"
        "<body><p class=good>Trang chủ</p><p class=bad>Bị tấn công</p><script>1</script>"
    )
    assert rendering.text == "Bị tấn công"
    pixels = Image.open(io.BytesIO(rendering.screenshot)).convert("RGB")
    assert pixels.getpixel((600, 400)) == (255, 0, 0)


@pytest.mark.parametrize(
    "asks",
    [
        "@media (scripting: none) { .bad { display: none } }",
        ".bad { display: if(media(/**/s\\63 ripting: none): none; else: block) }",
    ],
)
async def test_a_page_that_is_held_cannot_show_us_what_nobody_else_sees(here: Place, asks: str) -> None:
    busy = "setInterval(() => { const now = Date.now(); while (Date.now() - now < 9000); }, 1500)"
    html = "<style>{css}</style><body><p>Trang chủ</p><p class=bad>Bị tấn công</p><script>{js}</script>"
    held = await here.show(html.format(css=asks, js=busy))
    assert (held.failure, held.detail) == (
        Failure.CRASH,
        "the page does not let go, and asks whether scripts run",
    )
    plain = await here.show(html.format(css=".bad { color: red }", js=busy))
    assert (plain.failure, plain.text.split()[-1]) == (None, "công"), "one that only is busy is shown"


async def test_dialogs_windows_and_downloads_are_told_and_go_no_further(here: Place) -> None:
    here.portal.answers["/file"] = page(b"MZ", content_disposition="attachment; filename=a.exe")
    rendering = await here.show(
        "<h1>shown</h1><iframe src=/file></iframe><script>"
        "alert('hacked by'); confirm('really?'); prompt('name'); window.open('/advertisement')</script>"
    )
    assert rendering.failure is None
    assert "shown" in rendering.text
    assert rendering.dialogs == ("hacked by", "really?", "name")
    assert rendering.popups == (here.portal.url("/advertisement"),)
    assert rendering.downloads == 1
    assert "/advertisement" not in [asked.path for asked in here.portal.asked]


async def test_a_capture_finds_nothing_that_an_earlier_one_has_left(here: Place) -> None:
    leaves = (
        "<link rel=stylesheet href=/kept.css><script>"
        "document.title = JSON.stringify("
        "[document.cookie, localStorage.seen, sessionStorage.seen, self.name]);"
        "document.cookie = 'seen=1; max-age=9999'; localStorage.seen = sessionStorage.seen = self.name = '1'"
        "</script>"
    )
    here.portal.answers["/kept.css"] = page(
        "h1 { color: red }", content_type="text/css", cache_control="max-age=9999"
    )
    here.portal.answers["/leaves"] = page(leaves, set_cookie="told=1; Max-Age=9999")
    here.portal.asked.clear()
    for _ in range(2):
        rendering = await here.browser.render(here.portal.url("/leaves"), now=NOW)
        assert rendering.title == '["told=1",null,null,""]'
    asked = [(one.path, one.headers.get("cookie")) for one in here.portal.asked if one.path != "/favicon.ico"]
    assert asked == 2 * [("/leaves", None), ("/kept.css", "told=1")], "nor from a cache"


@pytest.mark.parametrize("whats", batched(SEEN, 2), ids=" and ".join)
async def test_hostile_pages_are_seen_within_their_limits_and_others_meanwhile(
    here: Place, whats: tuple[str, ...]
) -> None:
    began = time.monotonic()
    calm, *hostile = await asyncio.gather(
        here.show("<title>calm</title><h1>as ever</h1>", "/calm"),
        *(here.show(SEEN[what], f"/{quote(what)}") for what in whats),
    )
    assert time.monotonic() - began < TIMEOUT + AFTER
    assert (calm.failure, calm.title) == (None, "calm")
    for rendering in hostile:
        assert rendering.failure is None
        assert "hacked by nobody" in rendering.text
        width, height = Image.open(io.BytesIO(rendering.screenshot)).size
        assert (width, height <= 3000) == (1280, True)
        assert len(rendering.dialogs) <= 20
        assert len(rendering.popups) <= 20


@pytest.mark.parametrize("what", ENDED)
async def test_a_hostile_page_ends_within_its_limits_and_leaves_a_browser_that_works(
    here: Place, what: str
) -> None:
    began = time.monotonic()
    hostile = await here.show(ENDED[what], f"/{quote(what)}")
    assert time.monotonic() - began < TIMEOUT + AFTER
    # What it heaps up may be in its own process, or in the browser's, which is then killed for its memory.
    assert hostile.failure in (None, Failure.CRASH, Failure.BROWSER)
    assert len(hostile.html.encode()) <= 10 * 1024 * 1024
    assert len(hostile.resources) <= 500
    assert await here.browser.alive()


async def test_a_page_that_never_answers_is_a_timeout_and_one_that_drips_is_shown_as_far_as_it_came(
    here: Place,
) -> None:
    here.portal.answers |= {"/silence": silence, "/drip": drip}
    silent, dripping = await asyncio.gather(
        here.browser.render(here.portal.url("/silence"), now=NOW),
        here.browser.render(here.portal.url("/drip"), now=NOW),
    )
    assert silent.failure is Failure.TIMEOUT
    assert (dripping.failure, "hello" in dripping.text) == (None, True)


async def test_what_brings_no_page_is_told_apart(here: Place) -> None:
    vacant = socket.socket()  # bound, so that nobody else gets its port, and not listening
    vacant.bind(("127.0.0.1", 0))
    here.portal.answers |= {
        "/inwards": redirect("http://10.0.0.1/"),
        "/download": page(b"MZ", content_disposition="attachment"),
        "/round": redirect("/round"),
        "/broken": b"HTTP/1.1",
    }
    urls = {
        f"http://127.0.0.1:{vacant.getsockname()[1]}/": Failure.CONNECT,
        "http://nowhere.invalid/": Failure.DNS,
        "http://10.0.0.1/": Failure.REFUSED,
        "file:///etc/passwd": Failure.REFUSED,
        here.portal.url("/inwards"): Failure.REFUSED,
        here.portal.url("/round"): Failure.REDIRECTS,
        here.portal.url("/download"): Failure.PROTOCOL,
        here.portal.url("/broken"): Failure.PROTOCOL,
    }
    renderings = await asyncio.gather(*(here.browser.render(url, now=NOW) for url in urls))
    vacant.close()
    assert dict(zip(urls, [rendering.failure for rendering in renderings], strict=True)) == urls
    assert all(rendering.html == "" and rendering.detail for rendering in renderings)


async def test_an_error_page_of_the_site_is_a_page(here: Place) -> None:
    here.portal.answers["/down"] = page("<h1>hacked</h1>", status="503 Service Unavailable")
    rendering = await here.browser.render(here.portal.url("/down"), now=NOW)
    assert (rendering.failure, rendering.status, rendering.text.strip()) == (None, 503, "hacked")


@pytest.mark.parametrize("status", ["403 Forbidden", "502 Bad Gateway", "504 Gateway Timeout"])
async def test_an_error_page_of_the_site_with_a_broken_part_is_a_page(here: Place, status: str) -> None:
    here.portal.answers |= {
        "/broken.js": b"",
        "/down": page("<h1>hacked</h1><script src=/broken.js></script>", status=status),
    }
    rendering = await here.browser.render(here.portal.url("/down#top"), now=NOW)
    assert Resource(here.portal.url("/broken.js"), "script", 502) in rendering.resources
    assert (rendering.failure, rendering.text.strip()) == (None, "hacked")


async def test_what_is_missing_through_our_own_fault_is_no_finding_about_the_page(here: Place) -> None:
    part = await here.show("<h1>here</h1><img src='http://short.example/picture.png'>")
    whole = await here.browser.render("http://short.example/", now=NOW)
    tunnelled = await here.browser.render("https://short.example/", now=NOW)
    for rendering in (part, whole, tunnelled):
        assert (rendering.failure, rendering.html, rendering.screenshot) == (Failure.BROWSER, "", b"")
        assert "raise the limit of open files" in rendering.detail
    assert await here.browser.alive()


async def test_a_host_out_of_descriptors_shows_no_page_and_blames_none(here: Place) -> None:
    here.portal.answers["/"] = page("<h1>here</h1>")
    with no_descriptors():
        rendering = await here.browser.render(here.portal.url("/"), now=NOW)
    assert (rendering.failure, rendering.detail) == (Failure.BROWSER, "[Errno 24] Too many open files")
    assert (await here.browser.render(here.portal.url("/"), now=NOW)).failure is None


async def test_a_server_that_hints_without_end_costs_only_its_own_page(here: Place) -> None:
    async def endless(asked: Asked, writer: Writer) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)
            await writer.drain()

    here.portal.answers["/endless"] = endless
    hostile, calm = await asyncio.gather(
        here.browser.render(here.portal.url("/endless"), now=NOW), here.show("<h1>calm</h1>", "/calm")
    )
    assert (hostile.failure, calm.failure, calm.text.strip()) == (Failure.PROTOCOL, None, "calm")


async def test_chromium_without_its_sandbox_is_said_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with capture_logs() as logs:
        async with place():
            pass
    said = [log["event"] for log in logs if log["log_level"] == "warning"]
    assert len(said) == 1
    assert "without its sandbox because this process is root" in said[0]


async def test_a_page_is_seen_whatever_is_wrong_with_its_certificate(here: Place) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("elsewhere.example").configure_cert(context)
    secure = Portal(tls=context, answers={"/": page("<h1>self-made</h1>")})
    await secure.start()
    rendering = await here.browser.render(secure.url("/"), now=NOW)
    await secure.stop()
    assert (rendering.failure, rendering.text.strip()) == (None, "self-made")


async def test_a_chromium_that_is_killed_costs_only_the_captures_that_it_had() -> None:
    async with place() as there:
        reached = asyncio.Event()

        async def stuck(asked: Asked, writer: Writer) -> None:
            reached.set()
            await silence(asked, writer)

        there.portal.answers["/stuck"] = stuck
        capture = asyncio.create_task(there.browser.render(there.portal.url("/stuck"), now=NOW))
        await reached.wait()
        (leader,) = there.chromiums()
        os.killpg(leader.pid, signal.SIGKILL)
        rendering = await capture
        assert (rendering.failure, rendering.html, rendering.resources) == (Failure.BROWSER, "", ())
        assert rendering.elapsed < TIMEOUT
        assert (await there.show("<title>next</title>")).title == "next"
        assert await there.browser.alive()


async def test_a_chromium_that_hangs_is_replaced() -> None:
    async with place(timeout=5) as there:
        assert await there.browser.alive()
        (leader,) = there.chromiums()
        os.killpg(leader.pid, signal.SIGSTOP)
        began = time.monotonic()
        rendering = await there.show("<title>unseen</title>")
        assert rendering.failure is Failure.BROWSER
        assert time.monotonic() - began < 5 + AFTER
        assert (await there.show("<title>next</title>")).title == "next"


async def test_chromium_is_replaced_after_its_captures_without_disturbing_those_in_flight() -> None:
    async with place(recycle_after=1) as there:
        here_and_there = await asyncio.gather(
            there.show("<title>first</title>", "/first"), there.show("<title>second</title>", "/second")
        )
        assert [rendering.title for rendering in here_and_there] == ["first", "second"]
        assert len({asked.path for asked in there.portal.asked} & {"/first", "/second"}) == 2
        assert await there.browser.alive()
        assert len(there.chromiums()) == 1


class Held:
    """Pages whose answers a test holds back."""

    def __init__(self, portal: Portal, *paths: str) -> None:
        self.all_asked, self.answer = asyncio.Event(), asyncio.Event()
        self._missing = set(paths)
        for path in paths:
            portal.answers[path] = self._hold

    async def _hold(self, asked: Asked, writer: Writer) -> None:
        self._missing.discard(asked.path)
        if not self._missing:
            self.all_asked.set()
        await self.answer.wait()
        writer.write(page("<title>late</title>"))


async def are_gone(processes: list[psutil.Process]) -> bool:
    _, left = await asyncio.to_thread(psutil.wait_procs, processes, timeout=AFTER)
    return not left


def starts() -> float:
    return REGISTRY.get_sample_value("defacewatch_browser_starts_total") or 0.0


@dataclass
class Worn:
    """A Chromium that is worn, with two captures in it that go on until `held` is let go."""

    place: Place
    held: Held
    early: list[asyncio.Task[Rendering]]
    first: list[psutil.Process]
    before: float

    def see(self, path: str, rank: int = 3) -> asyncio.Task[Rendering]:
        return asyncio.create_task(self.place.browser.render(self.place.portal.url(path), now=NOW, rank=rank))

    async def ended(self) -> list[str]:
        """The titles of the early captures, once they are over; their Chromium is gone then."""
        self.held.answer.set()
        titles = [rendering.title for rendering in await asyncio.gather(*self.early)]
        assert await are_gone(self.first)
        return titles


@asynccontextmanager
async def worn(
    monkeypatch: pytest.MonkeyPatch, *, late: float = 300.0, patience: float = 300.0
) -> AsyncIterator[Worn]:
    """With `late` seconds after which a server counts as slow, and `patience` for it to come to rest."""
    monkeypatch.setattr(rendering_module, "LATE", late)
    monkeypatch.setattr(browser_module, "PATIENCE", patience)
    async with place(recycle_after=1, timeout=40) as there:
        held = Held(there.portal, "/a", "/b")
        for path in ("/c", "/d", "/e"):
            there.portal.answers[path] = page(f"<title>{path}</title>")
        made = Worn(there, held, [], there.chromiums(), starts())
        made.early = [made.see("/a"), made.see("/b")]
        await held.all_asked.wait()
        async with asyncio.timeout(30):  # no more than a few captures take, and less than any patience
            yield made


async def test_captures_that_can_wait_let_a_worn_chromium_come_to_rest_and_urgent_ones_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with worn(monkeypatch) as it:
        later = it.see("/c")
        await asyncio.sleep(0)
        assert it.place.browser.waiting == 1
        assert (await it.see("/d", rank=1)).title == "/d"
        assert (it.place.chromiums(), starts() - it.before, later.done()) == (it.first, 0, False)
        assert await it.ended() == ["late", "late"]
        assert (await later).title == "/c"
        assert (starts() - it.before, it.place.browser.waiting) == (1, 0)


async def test_captures_that_wait_for_their_place_wait_for_that_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_module, "PATIENCE", 300.0)
    monkeypatch.setattr(browser_module, "WAITING", 2)
    async with place(recycle_after=1, timeout=40, working=1) as there:
        first, before = there.chromiums(), starts()
        monkeypatch.setattr(rendering_module, "LATE", 300.0)
        held, other = Held(there.portal, "/a"), Held(there.portal, "/b")
        there.portal.answers["/c"] = page("<title>/c</title>")
        # All three are there before the Chromium is worn, and there are two places.
        urls = [there.portal.url(path) for path in ("/a", "/b", "/c")]
        captures = [asyncio.create_task(there.browser.render(url, now=NOW, rank=3)) for url in urls]
        async with asyncio.timeout(30):
            await asyncio.gather(held.all_asked.wait(), other.all_asked.wait())
            held.answer.set()
            assert (await captures[0]).title == "late"
            assert (there.chromiums(), there.browser.waiting) == (first, 1), (
                "the place is free, and not taken"
            )
            other.answer.set()
            assert [capture.title for capture in await asyncio.gather(*captures)] == ["late", "late", "/c"]
        assert starts() - before == 1


async def test_a_worn_chromium_that_does_not_come_to_rest_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with worn(monkeypatch, patience=0.3) as it:
        assert (await it.see("/c")).title == "/c"
        assert starts() - it.before == 1
        assert it.first[0] in it.place.chromiums(), "two captures are still in it"
        assert await it.ended() == ["late", "late"]


async def test_pages_of_servers_that_are_slow_to_answer_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with worn(monkeypatch, late=0.2) as it:
        assert (await it.see("/c")).title == "/c"
        assert starts() - it.before == 1
        assert await it.ended() == ["late", "late"], "they go on where they began"


async def test_a_worn_chromium_that_dies_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async with worn(monkeypatch) as it:
        later, unwanted = it.see("/c"), it.see("/e")
        await asyncio.sleep(0)
        unwanted.cancel()
        await asyncio.gather(unwanted, return_exceptions=True)
        assert it.place.browser.waiting == 1
        os.killpg(it.first[0].pid, signal.SIGKILL)
        assert (await later).title == "/c"
        lost = await asyncio.gather(*it.early)
        assert [rendering.failure for rendering in lost] == [Failure.BROWSER] * 2
        assert it.place.browser.waiting == 0


async def test_captures_that_wait_when_the_browser_is_stopped_start_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with worn(monkeypatch) as it:
        later = it.see("/c")
        await asyncio.sleep(0)
        await it.place.browser.stop()
        assert ((await later).failure, it.place.chromiums()) == (Failure.BROWSER, [])
        assert starts() == it.before
        await asyncio.gather(*it.early)


async def test_urgent_captures_alone_have_another_chromium_after_three_times_as_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering_module, "LATE", 300.0)
    async with place(recycle_after=1) as there:
        first, before = there.chromiums(), starts()
        await asyncio.gather(*(there.show("<p>seen") for _ in range(3)))
        assert (there.chromiums(), starts() - before) == (first, 0)
        await asyncio.gather(*(there.show("<p>seen") for _ in range(4)))
        assert starts() - before == 2, "nobody used the first any more; the second had three"
        assert await are_gone(first)


async def test_a_chromium_that_has_grown_is_replaced_and_nothing_of_it_is_left() -> None:
    async with place(grown=1) as there:
        (first,) = there.chromiums()
        family = [first, *first.children(recursive=True)]
        assert (await there.show("<title>seen</title>")).title == "seen"
        assert await are_gone(family)
        assert await there.browser.alive()
        assert len(there.chromiums()) == 1


LARGE = "<script>kept = Array.from({length: 45}, () => new Uint8Array(1e7).fill(1))</script>"


async def test_a_page_that_takes_too_much_for_itself_has_crashed() -> None:
    async with place(memory=300 * MB) as there:
        assert (await there.show(LARGE)).failure is Failure.CRASH
        assert await there.browser.alive()


async def test_the_largest_page_is_ended_when_all_together_hold_too_much_and_it_is_not_its_fault() -> None:
    async with place(together=400 * MB) as there:
        before = there.chromiums()
        rendering = await there.show(LARGE)
        assert (rendering.failure, rendering.html) == (Failure.BROWSER, "")
        assert "too much memory together" in rendering.detail
        assert await there.browser.alive()
        assert there.chromiums() == before, "another one would take more"
        assert (await there.show("<title>small</title>")).title == "small"


class Times:
    """`reached` is set when this was called so many times."""

    def __init__(self, wanted: int) -> None:
        self.left, self.reached = wanted, asyncio.Event()

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.reached.set()


@pytest.fixture
def queueing(monkeypatch: pytest.MonkeyPatch) -> dict[Gate, asyncio.Event]:
    """By gate, what is set when somebody has to wait there for a place."""
    events, take_free = defaultdict[Gate, asyncio.Event](asyncio.Event), Gate.take_free

    def noted(gate: Gate) -> bool:
        free = take_free(gate)
        if not free:
            events[gate].set()
        return free

    monkeypatch.setattr(Gate, "take_free", noted)
    return events


async def test_while_memory_is_short_no_more_are_begun_than_may_work(
    monkeypatch: pytest.MonkeyPatch, queueing: dict[Gate, asyncio.Event]
) -> None:
    held = Memory({}, {}, 350 * MB)
    monkeypatch.setattr(Chromium, "measure", lambda self: held)
    async with place(working=1, timeout=30, together=400 * MB) as there:
        there.portal.answers["/silence"] = silence
        silent = asyncio.create_task(there.browser.render(there.portal.url("/silence"), now=NOW))
        await there.portal.seen.wait()
        shown = asyncio.create_task(there.show("<title>usual</title>", "/usual"))
        async with asyncio.timeout(20):
            await queueing[there.browser._begun].wait()
        assert "/usual" not in {asked.path for asked in there.portal.asked}
        assert there.browser.waiting == 1
        held = Memory({}, {}, 250 * MB)
        assert (await shown).title == "usual"
        silent.cancel()
        await asyncio.gather(silent, return_exceptions=True)


async def test_slow_sites_that_have_answered_count_again_among_those_that_load(
    monkeypatch: pytest.MonkeyPatch, queueing: dict[Gate, asyncio.Event]
) -> None:
    monkeypatch.setattr("defacewatch.fetch.rendering.LATE", 0.1)
    asked_at_once, answer, loads, waiting = asyncio.Event(), asyncio.Event(), asyncio.Event(), set[str]()
    late, back = Times(8), Times(8)
    move, come_back = GatePlace.move, GatePlace.back

    def moved(place: GatePlace, gate: Gate) -> bool:
        done = move(place, gate)
        if done:
            late()
        return done

    def came_back(place: GatePlace) -> None:
        come_back(place)
        back()

    monkeypatch.setattr(GatePlace, "move", moved)
    monkeypatch.setattr(GatePlace, "back", came_back)

    async def slow(asked: Asked, writer: Writer) -> None:
        waiting.add(asked.path)
        if len(waiting) == 8:
            asked_at_once.set()
        await answer.wait()
        writer.write(page("<h1>here</h1><script src=/loads></script>"))
        await writer.drain()

    async def load(asked: Asked, writer: Writer) -> None:
        loads.set()
        await silence(asked, writer)

    async with place(working=1, timeout=30) as there:
        there.portal.answers |= {f"/slow/{number}": slow for number in range(8)} | {"/loads": load}
        urls = [there.portal.url(path) for path in there.portal.answers if path != "/loads"]
        loading = [asyncio.create_task(there.browser.render(url, now=NOW)) for url in urls]
        async with asyncio.timeout(20):
            await asked_at_once.wait()
            await late.reached.wait()  # all of them, which then keep nobody from being looked at
            answer.set()
            await loads.wait()
            await back.reached.wait()
            begun = queueing[there.browser._begun]
            begun.clear()
            shown = asyncio.create_task(there.show("<title>usual</title>", "/usual"))
            await begun.wait()
        assert "/usual" not in {asked.path for asked in there.portal.asked}
        for task in loading:
            task.cancel()
        assert (await shown).title == "usual"
        await asyncio.gather(*loading, return_exceptions=True)


async def test_sites_that_do_not_answer_do_not_keep_others_from_being_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.fetch.rendering.LATE", 0.3)
    async with place(working=1, timeout=30) as there:
        there.portal.answers |= {f"/silence/{number}": silence for number in range(9)}
        urls = [there.portal.url(path) for path in there.portal.answers]
        silent = [asyncio.create_task(there.browser.render(url, now=NOW)) for url in urls]
        await there.portal.seen.wait()
        assert (await there.show("<title>calm</title>")).title == "calm"
        assert not any(task.done() for task in silent)
        for task in silent:
            task.cancel()
        await asyncio.gather(*silent, return_exceptions=True)
        assert (await there.show("<title>next</title>")).title == "next"


async def test_nothing_is_left_when_it_stops() -> None:
    async with place() as there:
        await there.show("<title>seen</title>")
        (leader,) = there.chromiums()
        profile = next(word for word in leader.cmdline() if word.startswith("--user-data-dir="))
        family = [leader, *leader.children(recursive=True)]
        driver = leader.parent()
        assert driver is not None
    _, left = psutil.wait_procs([*family, driver], timeout=5)
    assert left == []
    assert not await asyncio.to_thread(Path(profile.removeprefix("--user-data-dir=")).exists)
