"""The first steps: from the first portal to its first approved baseline and a test alert. Where somebody is
follows from the store alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from aiohttp import hdrs, web

from defacewatch.captures import Capture
from defacewatch.errors import Conflict, UsageError
from defacewatch.language import N_
from defacewatch.roster import Officer, on_duty
from defacewatch.store import Store
from defacewatch.store.lessons import SAMPLES, Lesson
from defacewatch.store.reviews import Origin
from defacewatch.store.trials import Trial
from defacewatch.store.wall import WallPage
from defacewatch.web.console import Console, acting, console_of, words_of
from defacewatch.web.desk import arranging, officer_of, refused, roster_of
from defacewatch.web.forms import texts_of
from defacewatch.web.problems import Refused
from defacewatch.web.visitors import console_via, owner_of
from defacewatch.web.words import Words

ADD, LEARN, APPROVE, TEST, DONE = 1, 2, 3, 4, 5  # the steps
SHOWN = 12  # pages of a step that are shown
NAMES = (
    N_("Add the first portal"),
    N_("Let it be learned"),
    N_("Look at it and approve"),
    N_("Test the channels"),
)
NOBODY = N_("Nobody is on duty now: choose an officer.")
NO_OFFICER = N_("there is no officer of this key in the roster")
ATTACKED = N_("There is evidence of attack in this capture. Have the page mended, and learn it again.")
SECOND = N_(
    "This portal is critical: whoever proposed the capture cannot approve it. A second person has to."
)


@dataclass(frozen=True)
class Tour:
    """How far it is. `bare` pages have no baseline, `lessons` are those of the first of them by page,
    `proposals` wait for somebody who approves them; `learning`: lessons are under way."""

    pages: Sequence[WallPage]
    bare: Sequence[WallPage]
    lessons: Mapping[str, Lesson]
    proposals: Sequence[Capture]
    trial: Trial | None
    learning: bool = False

    @property
    def step(self) -> int:
        if not self.pages:
            return ADD
        if len(self.bare) == len(self.pages):
            return APPROVE if self.proposals else LEARN
        return DONE if self.trial is not None and self.trial.passed else TEST

    @property
    def moving(self) -> bool:
        """Whether something will be another in a moment without anybody's doing."""
        on_its_way = self.step == TEST and self.trial is not None and self.trial.waiting
        return (self.step in (LEARN, APPROVE) and self.learning) or on_its_way


async def tour_of(store: Store, pages: Sequence[WallPage], *, shown: int) -> Tour:
    """With no more of the first lessons and proposals than are `shown`."""
    bare = [page for page in pages if not page.has_baseline]
    names = {page.page for page in bare}
    waiting = await store.reviews.waiting(Origin.FIRST, limit=shown) if bare else []
    return Tour(
        pages,
        bare,
        await store.lessons.latest([page.page for page in bare[:shown]]) if bare else {},
        tuple(review.capture for review in waiting if review.capture.page in names),
        await store.trials.last(),
        learning=bool(bare) and await store.lessons.under_way(),
    )


async def unfinished(console: Console, words: Words, pages: Sequence[WallPage]) -> Tour | None:
    """The tour, where an administrator has it still before them; for the wall, which shows its step."""
    if not words.administers:
        return None
    store, approved = console.store, any(page.has_baseline for page in pages)

    async def read() -> Tour | None:
        return None if approved and await store.trials.ever() else await tour_of(store, pages, shown=1)

    return await store.together(read)


async def show(request: web.Request) -> web.Response:
    return await _page(request)


async def _page(request: web.Request, *, problem: str | None = None) -> web.Response:
    console, words = console_of(request), words_of(request)
    tour = await console.store.together(partial(_tour, console.store))
    roster, actor = console.roster(), acting(request)
    return console.renderer.page(
        "tour.html",
        words,
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        problem=problem,
        tour=tour,
        names=NAMES,
        actor=actor,
        shown=SHOWN,
        wall={page.page: page for page in tour.pages},
        own=actor.key if actor else "",
        officers=roster.officers,
        on_duty=on_duty(roster, console.clock()),
        second=SECOND,
        attacked=ATTACKED,
    )


async def _tour(store: Store) -> Tour:
    return await tour_of(store, await store.wall.pages(), shown=SHOWN)


async def learn(request: web.Request) -> web.Response:
    """Ask for every page without baseline to be learned, but for those of portals that are paused."""
    await ask_for_all(console_of(request), by=owner_of(request).signs_as, via=console_via(request))
    return _on()


async def ask_for_all(console: Console, *, by: str, via: str) -> Sequence[str]:
    """Ask for all pages to be learned that are watched and have no baseline; those that were not yet."""
    every = await console.store.wall.pages()
    pages = [page.page for page in every if not (page.has_baseline or page.paused)]
    return await console.store.lessons.ask(pages, by=by, via=via, samples=SAMPLES, now=console.clock())


async def test(request: web.Request) -> web.Response:
    """Send a test alert to those on duty, or to the officer who is named."""
    fields = await texts_of(request)
    try:
        await try_out(request, fields.get("to", ""), via=console_via(request))
    except Refused:
        raise web.HTTPForbidden from None
    except (Conflict, UsageError) as problem:
        return await _page(request, problem=words_of(request).refusal(problem))
    return _on()


async def try_out(request: web.Request, to: str, *, via: str) -> Sequence[str]:
    """Send a test alert to an officer, by key, or ('') to those on duty; to whom. Raises UsageError where
    there is nobody, Refused where it is for those who arrange, Conflict where the last test of one of them is
    hardly a minute old."""
    console, roster = console_of(request), await roster_of(request)
    keys = [officer.key for officer in _chosen(console, to)]
    own = officer_of(request, roster)
    if (own is None or keys != [own.key]) and not arranging(request, roster):
        raise refused(request, of=", ".join(keys))
    by = owner_of(request).signs_as
    await console.store.trials.send(keys, by=by, via=via, now=console.clock())
    console.wake()
    return keys


def _chosen(console: Console, key: str) -> Sequence[Officer]:
    roster = console.roster()
    if not key:
        officers = on_duty(roster, console.clock())
        if not officers:
            raise UsageError(NOBODY)
        return officers
    officer = roster.officer(key)
    if officer is None:
        raise UsageError(NO_OFFICER)
    return (officer,)


def _on() -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: "/tour"})
