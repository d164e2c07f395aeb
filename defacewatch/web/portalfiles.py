"""Importing and exporting portals as files. What an import would do is shown first; confirming it sends the
file again, and does exactly what was shown or nothing."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from zoneinfo import ZoneInfo

import structlog
from aiohttp import hdrs, web

from defacewatch.errors import Conflict
from defacewatch.language import N_
from defacewatch.registering import Move, Planned, Sheet, Unacceptable, Wrong, differences, digest
from defacewatch.signing import signature
from defacewatch.web.access import same
from defacewatch.web.console import console_of, words_of
from defacewatch.web.forms import fields_of, texts_of
from defacewatch.web.readers import READERS
from defacewatch.web.visitors import console_via, owner_of
from defacewatch.web.words import Words
from defacewatch.web.wrongs import FIELDS, rows
from defacewatch.workers import TooMuch

LARGEST_FILE = 1024 * 1024  # bytes
SHOWN = 200  # portals of each kind in a preview
NAMED = 120  # characters of a file's name
STALE = N_("What is registered has changed since you looked. This is what the import would do now.")
NO_FILE = N_("Choose a file first.")

log = structlog.get_logger(__name__)


async def form(request: web.Request) -> web.Response:
    return console_of(request).renderer.page(
        "import.html", words_of(request), wrong=[], problem=None, steps=None, name=""
    )


async def preview(request: web.Request) -> web.Response:
    """What importing the file that was sent would do, with what is wrong with it by its rows."""
    found = (await fields_of(request)).get("file")
    if not isinstance(found, web.FileField) or not found.filename:
        return _refused(request, problem=NO_FILE)
    raw = found.file.read(LARGEST_FILE + 1)
    return await _preview(request, raw, found.filename[-NAMED:])


async def _preview(
    request: web.Request, raw: bytes, name: str, *, problem: str | None = None
) -> web.Response:
    console, words = console_of(request), words_of(request)
    try:
        sheet = await sheet_of(request, raw, name)
    except Unacceptable as wrong:
        return _refused(request, name=name, wrong=wrong.wrong)
    steps = await console.store.portals.preview(sheet.portals, sheet.said)
    by_move = {move: [step for step in steps if step.move is move] for move in Move}
    return console.renderer.page(
        "import.html",
        words,
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        problem=problem,
        wrong=[],
        name=name,
        steps=by_move,
        shown=SHOWN,
        changes=lambda step: changes(step, words),
        place=console.registrar.place,
        writes=bool(by_move[Move.ADDED] or by_move[Move.CHANGED]) and not by_move[Move.REFUSED],
        content=base64.b64encode(raw).decode(),
        seen=(seen := digest(steps)),
        seal=_seal(request, raw, name, seen),
    )


async def confirm(request: web.Request) -> web.Response:
    """Import what a preview has shown, when the file and what it would do are still the same."""
    console, fields = console_of(request), await texts_of(request)
    name, seen = fields.get("name", ""), fields.get("seen", "")
    try:
        raw = base64.b64decode(fields.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        raise web.HTTPBadRequest from None
    if not same(fields.get("seal", ""), _seal(request, raw, name, seen)):
        raise web.HTTPBadRequest
    by = owner_of(request).signs_as
    try:
        sheet = await sheet_of(request, raw, name)
        imported = await console.store.portals.import_(
            sheet.portals,
            said=sheet.said,
            change=True,
            seen=seen,
            now=console.clock(),
            by=by,
            via=console_via(request),
        )
    except Unacceptable as wrong:
        return _refused(request, name=name, wrong=wrong.wrong)
    except Conflict:
        return await _preview(request, raw, name, problem=STALE)
    log.info("portals imported", added=len(imported.added), changed=len(imported.changed), by=by)
    return console.renderer.page("imported.html", words_of(request), imported=imported)


async def export(request: web.Request) -> web.Response:
    """All portals that are not disabled, as a file to keep."""
    console = console_of(request)
    portals = await console.store.portals.all()
    kind = request.match_info["form"]
    text = console.registrar.csv(portals) if kind == "csv" else console.registrar.yaml(portals)
    day = console.clock().astimezone(ZoneInfo(console.zone)).strftime("%Y-%m-%d")
    return web.Response(
        body=text.encode(),
        content_type="text/csv" if kind == "csv" else "application/yaml",
        charset="utf-8",
        headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="portals-{day}.{kind}"'},
    )


def changes(step: Planned, words: Words) -> list[tuple[str, str, str]]:
    """What a step changes: field, before and after, as text."""
    if step.before is None:
        return []
    return [
        (words._(FIELDS[name]), _plain(before, words), _plain(after, words))
        for name, (before, after) in differences(step.before, step.portal).items()
    ]


def _plain(value: object, words: Words) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return words._("yes") if value else words._("no")
    if isinstance(value, list):
        return words.text("; ".join(_item(item) for item in value))
    return words.text(value)


def _item(item: object) -> str:
    if not isinstance(item, list):
        return str(item)
    return ", ".join(f"{part:g} s" if isinstance(part, float) else str(part) for part in item if part)


async def sheet_of(request: web.Request, raw: bytes, name: str) -> Sheet:
    """What a file registers, read in a worker: a small file can be long to read, and the watch goes on
    meanwhile. Raises Unacceptable."""
    if len(raw) > LARGEST_FILE:
        raise Unacceptable([Wrong("is too large", kind="large")])
    try:
        return await request.app[READERS].run(console_of(request).registrar.sheet, raw, name)
    except TooMuch:
        raise Unacceptable([Wrong("takes too long to read", kind="much")]) from None


def _seal(request: web.Request, raw: bytes, name: str, seen: str) -> str:
    """Over the file, what it would do and for whom: nothing else can be confirmed."""
    content = hashlib.sha256(raw).hexdigest()
    who = str(owner_of(request).id)
    return signature(console_of(request).secret_key, "import", who, content, seen, name)


def _refused(
    request: web.Request, *, name: str = "", problem: str | None = None, wrong: Sequence[Wrong] = ()
) -> web.Response:
    words = words_of(request)
    return console_of(request).renderer.page(
        "import.html",
        words,
        status=HTTPStatus.BAD_REQUEST,
        problem=problem,
        wrong=rows(wrong, words),
        steps=None,
        name=words.text(name),
    )
