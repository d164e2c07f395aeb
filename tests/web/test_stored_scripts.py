"""What a defaced page controls, on every page of the console and in every message and paper: it is shown as
text, and never runs, loads or leads anywhere."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import docx
import pytest
from aiohttp import web
from playwright.async_api import Page

from defacewatch.alerts import AlertKind, Notice
from defacewatch.notify import message
from defacewatch.notify.bodies import fields_of, parse
from defacewatch.notify.webhook import payload
from defacewatch.papers.docx import docx_of
from defacewatch.papers.page import html_of
from defacewatch.papers.paper import Column, Heading, Letterhead, Table, Text
from defacewatch.papers.sheet import csv_of
from defacewatch.reports.handover import handover_record
from defacewatch.signals import Kind, Signal
from tests.notify.examples import PORTAL, signalled
from tests.papers.samples import paper
from tests.reports.samples import ISSUER, handover, story, wording
from tests.reports.test_monthly import made
from tests.watched import Watch, approved, fetch, watch
from tests.web.gallery import looking
from tests.web.pages import PAGES, visit
from tests.web.stage import WALL, console_over, staged

__all__ = ["approved", "fetch", "watch"]  # fixtures

# One value with a way out of each place that it may stand in: text, attributes, scripts, styles, comments,
# templates. Each calls ran(), by its number.
HOSTILE = (
    "<script>ran(1)</script>\"'><img src=x onerror=ran(2)><svg onload=ran(3)></svg>"
    "</title></textarea></style></script><script>ran(4)</script>"
    "<iframe srcdoc='<script>parent.ran(5)</script>'></iframe>"
    '<a href="javascript:ran(6)" autofocus onfocus=ran(7)>x</a>'
    "<input autofocus onfocus=ran(8)>`${ran(9)}`{{ran(10)}}--><script>ran(11)</script>]]>"
    "<details open ontoggle=ran(12)><style>*{background:url(https://bad.example/13)}</style>"
    "<meta http-equiv=refresh content='0;url=https://bad.example/14'><base href=https://bad.example/>"
)
LISTEN = "addEventListener('securitypolicyviolation', event => ran(`policy ${event.blockedURI}`))"
MARKUP = (
    "iframe, object, embed, base, [onerror], [onload], [onfocus], [ontoggle], [srcdoc],"
    " a[href^='javascript'], meta[http-equiv=refresh]:not(noscript *)"
)


@dataclass
class Witness:
    """A browser's page, and what has run in it, been refused by a policy, or been asked for elsewhere."""

    page: Page
    base: str = "about:"
    seen: list[str] = field(default_factory=list)

    async def listen(self) -> None:
        await self.page.context.expose_function("ran", lambda what: self.seen.append(f"ran {what}"))
        await self.page.context.add_init_script(LISTEN)
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._asked)

    async def _dialog(self, dialog: Any) -> None:
        self.seen.append(f"dialog {dialog.message}")
        await dialog.dismiss()

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.base, "about:", "data:")):
            self.seen.append(f"asked {request.url}")

    async def read(self, html: str) -> None:
        """Show a message as a mail client does that filters nothing."""
        await self.page.set_content(html, wait_until="load")
        await self.settled()

    async def settled(self) -> None:
        """Whatever was queued when the page had loaded has happened."""
        await self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")


@pytest.fixture
async def witness() -> AsyncIterator[Witness]:
    async with looking() as page:
        witness = Witness(page)
        await witness.listen()
        await page.route("https://bad.example/**", lambda route: route.abort())
        yield witness


async def test_the_value_runs_where_nothing_keeps_it_from_running(witness: Witness) -> None:
    await witness.page.goto("about:blank")
    await witness.read(f"<p>{HOSTILE.partition('<meta')[0]}</p>")
    assert {"ran 1", "ran 3", "ran 4", "ran 11"} <= set(witness.seen)
    assert any(line.startswith("asked https://bad.example") for line in witness.seen)


@pytest.mark.timeout(600)
async def test_nothing_that_others_say_runs_or_is_markup_on_any_page_of_the_console(
    witness: Witness, blank: Path, tmp_path: Path
) -> None:
    (tmp_path / "store.db").write_bytes(blank.read_bytes())
    url = f"sqlite+aiosqlite:///{tmp_path}/store.db"
    told: set[str] = set()
    async with staged(url, tmp_path, said=HOSTILE) as stage:
        witness.base = stage.base
        for shown in PAGES:
            if not shown.empty:
                await visit(witness.page, shown, stage)
                await nothing_ran(witness, shown.name)
                if "ran(4)" in await witness.page.inner_text("body"):
                    told.add(shown.name)
    assert told >= {"wall", "incident", "incident-open", "words", "account"}, "it is shown, as text"


def attacked(request: web.Request) -> web.Response:
    """A front page that leads to an address of the attacker's wording, and says it in every way it has."""
    headers = {"Server": HOSTILE, "X-Powered-By": HOSTILE, "Content-Language": HOSTILE}
    if not request.query:
        return web.Response(status=302, headers={**headers, "Location": f"/?{urlencode({'q': HOSTILE})}"})
    said, code = escape(HOSTILE), json.dumps(HOSTILE).replace("</", "<\\/")
    acts = f"console.error({code}); document.title = {code}; alert({code}); open('/?' + encodeURI({code}))"
    text = (
        f"<!doctype html><title>{said}</title><h1>Hacked By Test Crew</h1><p>{said}</p><b hidden>{said}</b>"
        f'<a href="{said}" download="{said}">{said}</a><img alt="{said}" src="/{said}">'
        f'<script src="http://127.0.0.9:1/{said}"></script><script>{acts}</script>'
    )
    return web.Response(text=text, headers=headers, content_type="text/html")


@pytest.mark.timeout(600)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_page_that_was_really_fetched_and_compared_is_shown_as_text(watch: Watch) -> None:
    watch.site.answer = attacked
    result = await watch.check(render=True)
    assert result.recorded.incident is not None
    async with console_over(watch.store, watch.clock) as stage, looking() as page:
        stage.values["incident"] = str(result.recorded.incident)
        witness = Witness(page, stage.base)
        await witness.listen()
        for shown in PAGES:
            if shown.name in ("wall", "wall-rows", "incident-open", "words"):
                await visit(page, replace(shown, who=WALL), stage)
                await nothing_ran(witness, shown.name)
                if shown.name in ("incident-open", "words"):
                    assert "ran(4)" in await page.inner_text("body"), shown.name


async def nothing_ran(witness: Witness, name: str) -> None:
    page = witness.page
    await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    await witness.settled()
    assert witness.seen == [], name
    assert await page.locator(MARKUP).count() == 0, name
    assert await page.locator("body script, main style, body meta").count() == 0, name
    assert "ran(" not in await page.title() or "<script>" in await page.title(), name


def hostile() -> Signal:
    return Signal(Kind.DEFACE_PHRASE, 60.0, "d", {"place": HOSTILE, "phrases": [HOSTILE] * 3})


def notices() -> list[Notice]:
    """One of each kind of alert, in which everything is hostile."""
    title = Signal(Kind.TITLE, 60.0, "t", {"before": HOSTILE, "after": HOSTILE})
    portal = replace(PORTAL, name=HOSTILE, operator=HOSTILE, owner=HOSTILE)
    told = signalled(title, hostile(), portal=portal)
    return [replace(told, alert=replace(told.alert, kind=kind)) for kind in AlertKind]


async def test_nothing_runs_in_a_mail_or_a_telegram_message(witness: Witness) -> None:
    await witness.page.goto("about:blank")
    for notice in notices():
        for html in (message.html(notice), f"<p>{message.telegram_html(notice)}</p>"):
            await witness.read(html)
            assert witness.seen == [], notice.alert.kind
            assert await witness.page.locator(f"{MARKUP}, script, svg, input, details").count() == 0


def test_in_webhooks_and_gateways_it_stays_inside_its_string() -> None:
    for notice in notices():
        assert json.loads(json.dumps(payload(notice)))
        made = parse('{"chat": {{ text|tojson }}, "to": {{ phone|tojson }}}').render(fields_of(notice), {})
        assert json.loads(made).keys() == {"chat", "to"}
        assert "</script>" not in made


async def test_nothing_runs_in_a_paper_or_a_report(witness: Witness) -> None:
    await witness.page.goto("about:blank")
    bad = replace(
        story(140, "2026-11-23T10:00", name=HOSTILE, by=HOSTILE), url=f"https://bad.example/{HOSTILE}"
    )
    left = {"incidents": [{"code": "SC-000140", "portal": HOSTILE, "verdict": HOSTILE, "by": HOSTILE}]}
    record = handover_record(replace(handover(), summary=left), ISSUER, wording())
    table = Table(HOSTILE, (Column(HOSTILE, 1),), ((HOSTILE,),))
    whole = paper(Heading(HOSTILE), Text(HOSTILE), table, head=Letterhead(*[HOSTILE] * 6), signer=HOSTILE)
    for one in (made(bad), record, whole):
        await witness.read(html_of(one))
        assert witness.seen == []
        assert await witness.page.locator(f"{MARKUP}, body script, svg, input, img").count() == 0
        assert all(not cell.startswith(("=", "+", "-@")) for cell in csv_of(one).decode().splitlines())
        written = docx_of(one)
        docx.Document(io.BytesIO(written))
        with zipfile.ZipFile(io.BytesIO(written)) as parts:
            for name in parts.namelist():
                if name.endswith((".xml", ".rels")):
                    ElementTree.fromstring(parts.read(name))
                assert b"bad.example" not in parts.read(name) or not name.endswith(".rels"), name
