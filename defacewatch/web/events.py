"""The wall's own news as server-sent events: tiles that have changed, made by what makes them on the page."""

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from defacewatch.accounts import Role
from defacewatch.errors import DefacewatchError
from defacewatch.store.wall import WallPage
from defacewatch.web.console import Console, Visitor, console_of, words_of
from defacewatch.web.filters import Filters, Seat
from defacewatch.web.front import STALE_AFTER
from defacewatch.web.live import Live, Snapshot
from defacewatch.web.security import HEADERS, failure, set_session
from defacewatch.web.visitors import by_cookie, visitor_of
from defacewatch.web.wall import LIVE, front_values, lines

BEAT = 10.0  # seconds after which a stream that has nothing to say says so
LASTS = 600.0  # seconds; whoever still watches then asks again, and is asked who he is
AGAIN = 3000  # milliseconds until a browser that was cut off asks again
BUSY = "30"  # seconds, where too many watch

PARTS = ("duty", "front", "chips", "lately")  # what may be another with any change

Ages = dict[str, tuple[int | None, int | None]]

log = structlog.get_logger(__name__)


async def events(request: web.Request) -> web.StreamResponse:
    """What changes of the wall that the address describes, since `Last-Event-ID` or `?since=`."""
    live = request.app[LIVE]
    if live.full:
        answer = failure(request, HTTPStatus.SERVICE_UNAVAILABLE)
        answer.headers[hdrs.RETRY_AFTER] = BUSY
        return answer
    stream = web.StreamResponse(headers=HEADERS | {"X-Accel-Buffering": "no"})
    stream.content_type = "text/event-stream"
    stream.charset = "utf-8"
    visitor = visitor_of(request)
    if visitor.renewed is not None:  # afterwards is too late: the head is sent before the news
        set_session(console_of(request), stream, visitor.renewed)
    mark = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    watcher = Watcher(request, live, stream, live.known(mark))
    # its reader leaves, or its time is over
    with live.watching(), suppress(ConnectionError, TimeoutError):
        await stream.prepare(request)
        await stream.write(f"retry: {AGAIN}\n\n".encode())
        async with asyncio.timeout(lasts(visitor, console_of(request).clock())):
            await watcher.watch()
    return stream


def lasts(visitor: Visitor, now: datetime) -> float:
    """How many seconds a stream lasts: not longer than the session of who may act, since nobody hears
    anything after that. Whom it keeps signed in asks again at half that time."""
    if visitor.until is None:
        return LASTS
    left = (visitor.until - now).total_seconds()
    return min(LASTS, left / 2 if visitor.role is Role.VIEWER else left)


class Watcher:
    """One stream. `since` is the number up to which its reader knows everything, None: nothing."""

    def __init__(
        self, request: web.Request, live: Live, stream: web.StreamResponse, since: int | None
    ) -> None:
        self.request, self.live, self.stream, self.since = request, live, stream, since
        self.filters = Filters.of(request.query)
        self.asked = asyncio.get_running_loop().time()  # when it was last asked who its reader is
        self.told: Ages = {}

    async def watch(self) -> None:
        """Tell what changes until the reader leaves, is signed out or the program ends."""
        ended = asyncio.create_task(self.live.ended.wait())
        try:
            await self._tell(await self.live.glance())
            while not self.live.ended.is_set():
                following = asyncio.create_task(self.live.next())
                try:
                    await asyncio.wait((following, ended), timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
                    let_in = await self._is_let_in()
                    if let_in is None:
                        await self._send("blind", {})
                    elif not let_in:
                        return
                    elif following.done():
                        await self._tell(following.result())
                    elif not ended.done():  # looks take long: that is well for a while, and then no more
                        await self._send("beat" if self.live.sees else "blind", {})
                finally:
                    following.cancel()
        finally:
            ended.cancel()

    async def _is_let_in(self) -> bool | None:
        """Whether its reader is who they were: a session that was ended by hand, an account that was disabled
        or has another role, and a new password end the stream within two beats. To ask is no use of it. None
        where the store does not say: then they are told nothing but that, and it is asked again."""
        visitor, now = visitor_of(self.request), asyncio.get_running_loop().time()
        if visitor.account is None or now - self.asked < BEAT:
            return True
        try:
            found = await by_cookie(self.request)
        except DefacewatchError as error:
            log.warning("it is not known whose stream it is", error=str(error))
            return None
        self.asked = now
        return found is not None and (found.session, found.role) == (visitor.session, visitor.role)

    async def _tell(self, snapshot: Snapshot | None) -> None:
        """Tell what a look brought; None: that there is nothing to be seen."""
        if snapshot is None:
            await self._send("blind", {})
            return
        if self.since is None:
            # The reader is to load the page again, and has a mark to go on from when that has been done.
            await self._send("stale", {})
        else:
            changed, front = self.live.changed(self.since)
            if front:
                await self._send("change", await self._change(snapshot, changed), snapshot.number)
        self.since = snapshot.number
        await self._tell_ages(snapshot)

    async def _change(self, snapshot: Snapshot, changed: frozenset[str]) -> dict[str, object]:
        console, words = console_of(self.request), words_of(self.request)
        choice = snapshot.choice(self.filters)
        fresh = tuple(s for s in choice.seats if any(page.page in changed for page in s.pages))
        line, render = await lines(self.request, fresh, words), console.renderer
        values = front_values(console, words, snapshot, choice, self.filters)
        name = "rows" if self.filters.view == "rows" else "tiles"
        return {
            "title": render.text("title.html", words, **values),
            "order": [seat.key for seat in choice.seats],
            "seats": {
                seat.key: render.text(f"{name}.html", words, seats=[seat], line=line, **values)
                for seat in fresh
            },
            "parts": {part: render.text(f"{part}.html", words, **values) for part in PARTS},
        }

    async def _tell_ages(self, snapshot: Snapshot) -> None:
        """When pages were looked at: of a thousand some change at every look, and little is to be sent."""
        ages = {seat.key: _ages(seat) for seat in snapshot.choice(self.filters).seats}
        news = {key: age for key, age in ages.items() if self.told.get(key) != age}
        self.told = ages
        console: Console = console_of(self.request)
        now = console.clock()
        late = [key for key, (checked, _) in ages.items() if checked and _is_late(checked, now)]
        oldest = _seconds(snapshot.front.oldest)
        said = {"at": int(now.timestamp()), "oldest": oldest, "ages": news, "late": late}
        await self._send("ages", said)

    async def _send(self, kind: str, data: object, number: int | None = None) -> None:
        said = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        name = "" if number is None else f"id: {self.live.mark(number)}\n"
        await self.stream.write(f"event: {kind}\n{name}data: {said}\n\n".encode())


def _ages(seat: Seat) -> tuple[int | None, int | None]:
    page: WallPage = seat.page
    return _seconds(page.checked_at), _seconds(page.captured_at)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _is_late(checked: int, now: datetime) -> bool:
    return now.timestamp() - checked > STALE_AFTER.total_seconds()
