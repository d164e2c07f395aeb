"""Pages with a past, for what is shown of them."""

import io
from dataclasses import replace
from datetime import datetime
from html import escape

from PIL import Image

from defacewatch.alerts import Wanted
from defacewatch.campaigns import Mark, Trait
from defacewatch.captures import Hop, Look, Refusal, Resource, Tier, TlsFinding, TlsProblem
from defacewatch.incidents import PROGRAM
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.verdicts import Verdict, VerdictKind
from tests.store.samples import (
    MINUTE,
    NOW,
    captured,
    checked,
    features,
    look,
    outcome,
    phrase,
    portal,
    registered,
)

HOSTILE = '<script>alert("x")</script>\u202e<img src=x onerror=y>'

__all__ = [
    "HOSTILE",
    "MINUTE",
    "NOW",
    "PROGRAM",
    "attacked",
    "checked",
    "defaced",
    "everything_hostile",
    "hostile_look",
    "portal",
    "registered",
    "screenshot",
    "tell",
]


def screenshot(red: int = 200, *, height: int = 1600) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1280, height), (red, 30, 40)).save(out, "PNG")
    return out.getvalue()


def defaced(said: str = "hacked by x") -> Verdict:
    signals = (
        Signal(Kind.TITLE, 12.0, "title:x", {"before": "Trang chủ", "after": said}),
        phrase(said),
        Signal(Kind.TLS_EXPIRES_SOON, 0.0, "tls", {"not_after": "10/12/2026"}),
    )
    return Verdict(VerdictKind.DEFACED, 72.0, 60.0, signals)


async def attacked(
    store: Store, key: str = "hungyen", *, said: str = "hacked by x", told: bool = True
) -> tuple[str, int]:
    """A page that was learned, approved, and defaced ten minutes later; its id and the incident's."""
    page = await registered(store, key)
    first = await captured(store, page, at=NOW)
    await store.baselines.approve(first, by="Trần Thị Bình", reason="đăng ký lần đầu", now=NOW)
    at = NOW + 10 * MINUTE
    context = await store.checks.context(page, now=at)
    seen = look("b", at, screenshot=screenshot(), title=said, final_url="https://hungyen.gov.vn/")
    kept = await store.checks.keep(page, seen, features("b"))
    recorded = await store.checks.record(outcome(context, defaced(said), at, kept=kept, tier=Tier.RENDER))
    assert recorded.incident is not None
    if told:
        await tell(store)
    return page, recorded.incident


async def tell(store: Store) -> None:
    now = NOW + 11 * MINUTE
    alert = await store.alerts.claim(now)
    assert alert is not None
    wanted = [Wanted("telegram", "an"), Wanted("email", "an")]
    await store.alerts.expand(alert.id, wanted, step=1, next_step_at=None, now=now)
    telegram = await store.alerts.claim_delivery("telegram", now=now)
    email = await store.alerts.claim_delivery("email", now=now)
    assert telegram is not None
    assert email is not None
    await store.alerts.sent(telegram.id, "message 4211", now=now)
    await store.alerts.failed(email.id, "550 <b>user</b> unknown", next_at=None, now=now)


def hostile_look(said: str, at: datetime) -> Look:
    """A look at a page of which everything says `said`."""
    url = f"https://bad.example/{said}"
    rendering = look("b", at, screenshot=screenshot(), title=said, final_url=url).rendering
    assert rendering is not None
    shown = replace(
        rendering,
        html=f"<title>{escape(said)}</title><p>{escape(said)}</p><b hidden>{said}</b><img src='{url}'>",
        text=said,
        resources=(Resource(url, said, 200), Resource(f"https://{said}.example/", "script", None)),
        frames=(url,),
        refusals=(Refusal(url, said),),
        dialogs=(said,),
        popups=(url,),
        downloads=3,
        page_errors=7,
    )
    probe = replace(
        look("b", at).probe,
        final_url=url,
        headers={said: said, "Server": said},
        addresses=(said,),
        hops=(Hop(url, 302, url),),
        tls=TlsFinding(TlsProblem.OTHER, said, said),
    )
    return Look(probe, shown)


async def everything_hostile(store: Store, said: str) -> int:
    """An incident in which all that a watched page controls says `said`."""
    page = await registered(store)
    first = await captured(store, page, at=NOW)
    await store.baselines.approve(first, by="Trần Thị Bình", reason="đăng ký lần đầu", now=NOW)
    at = NOW + 10 * MINUTE
    kept = await store.checks.keep(page, hostile_look(said, at), features("b"))
    context = await store.checks.context(page, now=at)
    marks = frozenset({Mark(Trait.WORDS, said), Mark(Trait.CODE_HOST, said)})
    made = outcome(context, defaced(said), at, kept=kept, tier=Tier.RENDER, marks=marks)
    recorded = await store.checks.record(made)
    assert recorded.incident is not None
    await tell(store)
    return recorded.incident
