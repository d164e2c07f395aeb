"""Adding and changing portals of the store, by a form: checked by what checks portals.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from defacewatch.errors import Conflict
from defacewatch.portals import Portal, Source, Urgency
from defacewatch.registering import Unacceptable, mark, suggested_key
from defacewatch.store.portals import PROVISIONED
from defacewatch.web.console import Console, console_of, words_of
from defacewatch.web.forms import texts_of
from defacewatch.web.portal import done, seen_instead
from defacewatch.web.visitors import console_via, owner_of
from defacewatch.web.wrongs import by_field

PLAIN = ("key", "name", "owner", "operator", "level", "changed_urgency", "defaced_urgency")
CONTACT, PAGE = ("name", "phone", "email"), ("url", "probe_every", "render_every")
MORE, MOST = 2, 200  # empty rows that a form offers; rows that it takes
LONGEST = 4000  # characters of one field
_ROW = re.compile(r"(contacts|pages)-([0-9]{1,3})-([a-z_]{1,20})")

log = structlog.get_logger(__name__)
Rows = list[dict[str, str]]


@dataclass
class Form:
    """What a form holds, as it was typed; rows that are empty are left out."""

    plain: dict[str, str] = field(default_factory=dict)
    critical: bool = False
    tags: str = ""
    contacts: Rows = field(default_factory=list)
    pages: Rows = field(default_factory=list)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Form":
        rows: dict[str, dict[int, dict[str, str]]] = {"contacts": {}, "pages": {}}
        for name, value in fields.items():
            found = _ROW.fullmatch(name)
            if found and value.strip() and found[3] in (*CONTACT, *PAGE):
                rows[found[1]].setdefault(int(found[2]), {})[found[3]] = value.strip()[:LONGEST]
        return cls(
            {name: fields.get(name, "").strip()[:LONGEST] for name in PLAIN},
            fields.get("critical") == "true",
            fields.get("tags", "").strip()[:LONGEST],
            *([row for _, row in sorted(some.items())][:MOST] for some in rows.values()),
        )

    @classmethod
    def holding(cls, portal: Portal, console: Console) -> "Form":
        """The form as it says what is registered."""
        write = console.registrar.duration
        plain = {
            "key": portal.key,
            "name": portal.name,
            "owner": portal.owner or "",
            "operator": portal.operator or "",
            "level": str(portal.level or ""),
            "changed_urgency": portal.changed_urgency.value,
            "defaced_urgency": portal.defaced_urgency.value,
        }
        pages = [
            {
                "url": page.url,
                "probe_every": write(page.probe_every) if page.probe_every else "",
                "render_every": write(page.render_every) if page.render_every else "",
            }
            for page in portal.pages
        ]
        contacts = [{"name": c.name, "phone": c.phone or "", "email": c.email or ""} for c in portal.contacts]
        return cls(plain, portal.critical, ", ".join(portal.tags), contacts, pages)

    def entry(self, console: Console) -> dict[str, object]:
        """What portals.yaml would say, without what is empty."""
        entry: dict[str, object] = {name: value for name, value in self.plain.items() if value}
        entry["critical"] = "true" if self.critical else "false"
        if tags := console.registrar.tags(self.tags):
            entry["tags"] = list(tags)
        if self.contacts:
            entry["contacts"] = [dict(row) for row in self.contacts]
        if self.pages:
            entry["pages"] = [dict(row) for row in self.pages]
        return entry


FRESH = Form({"changed_urgency": Urgency.NORMAL.value, "defaced_urgency": Urgency.HIGH.value})


async def add_form(request: web.Request) -> web.Response:
    return await _page(request, FRESH)


async def add(request: web.Request) -> web.Response:
    """Register a portal: the same as importing a file with it alone."""
    console, fields = console_of(request), await texts_of(request)
    form = Form.of(fields)
    if not form.plain["key"] and form.pages:
        form.plain["key"] = suggested_key(form.pages[0].get("url", ""))
    if "more" in fields:
        return await _page(request, form, more=MORE + 3)
    try:
        portal = console.registrar.portal(form.entry(console))
        by = owner_of(request).signs_as
        made = await console.store.portals.import_(
            [portal], now=console.clock(), by=by, via=console_via(request)
        )
    except Unacceptable as problem:
        return await _page(request, form, wrong=by_field(problem.wrong, words_of(request)))
    except Conflict:
        taken = words_of(request)._("A portal of this key is registered already.")
        return await _page(request, form, wrong={"key": taken})
    log.info("portal registered", portal=portal.key, by=by)
    if request.query.get("then") == "tour":
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: "/tour"})
    return done(portal.key, "added" if made.added else "same")


async def edit_form(request: web.Request) -> web.Response:
    console = console_of(request)
    portal = await console.store.portals.get(request.match_info["key"])
    if portal.source is not Source.STORE:
        return seen_instead(portal.key)
    return await _page(request, Form.holding(portal, console), portal=portal, seen=mark(portal))


async def edit(request: web.Request) -> web.Response:
    """Change a portal, where it still is as the form had it."""
    console, fields, key = console_of(request), await texts_of(request), request.match_info["key"]
    old = await console.store.portals.get(key)
    form, seen = Form.of({**fields, "key": key}), fields.get("seen", "")[:64]
    if old.source is not Source.STORE:
        return await _page(request, form, portal=old, seen=seen, problem=PROVISIONED)
    if "more" in fields:
        return await _page(request, form, portal=old, seen=seen, more=MORE + 3)
    try:
        portal = console.registrar.portal(form.entry(console))
        by = owner_of(request).signs_as
        await console.store.portals.change(
            portal, seen=seen, by=by, now=console.clock(), via=console_via(request)
        )
    except Unacceptable as problem:
        wrong = by_field(problem.wrong, words_of(request))
        return await _page(request, form, portal=old, seen=seen, wrong=wrong)
    except Conflict as problem:
        return await _page(request, form, portal=old, seen=seen, problem=str(problem))
    log.info("portal changed", portal=key, by=by)
    return done(key, "changed")


async def _page(
    request: web.Request,
    form: Form,
    *,
    portal: Portal | None = None,
    seen: str = "",
    wrong: Mapping[str, str] | None = None,
    problem: str | None = None,
    more: int = MORE,
) -> web.Response:
    console = console_of(request)
    refused = HTTPStatus.CONFLICT if problem else HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
    return console.renderer.page(
        "portalform.html",
        words_of(request),
        status=refused,
        form=form,
        portal=portal,
        seen=seen,
        wrong=dict(wrong or {}),
        problem=problem,
        more=more,
        then="tour" if request.query.get("then") == "tour" else "",
    )
