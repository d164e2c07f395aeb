"""`check` and `learn`: look now."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from defacewatch import shapes
from defacewatch.check import Result
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    print_json,
    print_table,
    say,
    signatory,
    utc_now,
    with_session,
)
from defacewatch.errors import DefacewatchError, NotFound, UsageError
from defacewatch.eyes import opened_eyes
from defacewatch.language import Translate
from defacewatch.learn import Lesson, learn_page
from defacewatch.portals import Page, Portal
from defacewatch.signals import Role
from defacewatch.verdicts import VerdictKind

AT_ONCE = 8  # pages looked at together; the browser has a limit of its own
EXITS = (
    (VerdictKind.DEFACED, 11),
    (VerdictKind.CHANGED, 10),
    (VerdictKind.UNREACHABLE, 12),
    (VerdictKind.UNKNOWN, 13),
)

T = TypeVar("T")
Named = Annotated[list[str] | None, typer.Argument(help="Portal keys, page ids or URLs; all by default.")]


def check(
    context: typer.Context,
    portals: Named = None,
    url: Annotated[str | None, typer.Option(help="Only this registered URL.")] = None,
    render: Annotated[bool, typer.Option("--render", help="Use the browser for all.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Record nothing.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Print the sum behind each verdict.")] = False,
    as_json: Json = False,
) -> None:
    """Look once, now, second look included.

    Exits 11 (defaced), 10 (changed), 12 (unreachable) or 13 (unknown), worst first; 0 otherwise.
    """
    words = [*(portals or []), *([url] if url else [])]

    async def work(session: Session) -> tuple[int, list[Result]]:
        found = await _pages(session, words)
        async with opened_eyes(
            session.settings, session.store, clock=utc_now, browser=session.settings.browser
        ) as eyes:

            async def one(portal: Portal, page: Page) -> Result:
                return await eyes.checker.check_page(page.id, render=render, keep=render, dry_run=dry_run)

            results = await _each(found, one, "check")
        if as_json:
            print_json(shapes.outcome_line(r.outcome, r.recorded, session.translate) for r in results)
        else:
            _print_results(results, session.translate, explain=explain)
        return len(found), results

    wanted, results = with_session(context, work)
    kinds = {result.outcome.verdict.kind for result in results}
    worst = next((code for kind, code in EXITS if kind in kinds), 0)
    raise typer.Exit(worst or (DefacewatchError.exit_code if len(results) < wanted else 0))


def learn(
    context: typer.Context,
    portals: Named = None,
    samples: Annotated[int, typer.Option(min=1, max=100, help="Captures of each page.")] = 3,
    every: Annotated[str, typer.Option(help="Time between them, e.g. 5s.")] = "5s",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Take captures for the profile and propose a baseline. Exits 3 when a page is already defaced."""
    pause = _duration(every)

    async def work(session: Session) -> tuple[int, list[Lesson]]:
        found = await _pages(session, portals or [])
        names = {portal.key: signatory(by, session.roster, portal) for portal, _ in found}
        async with opened_eyes(
            session.settings, session.store, clock=utc_now, browser=session.settings.browser
        ) as eyes:

            async def one(portal: Portal, page: Page) -> Lesson:
                await eyes.renewal.page(page.id)
                return await learn_page(
                    page.id,
                    fetch=eyes.fetcher,
                    extract=eyes.extract,
                    checks=session.store.checks,
                    baselines=session.store.baselines,
                    samples=samples,
                    every=pause,
                    by=names[portal.key],
                    clock=utc_now,
                    sleep=asyncio.sleep,
                )

            lessons = await _each(found, one, "learn")
        if as_json:
            print_json(_lesson_line(lesson, session.translate) for lesson in lessons)
        else:
            _print_lessons(lessons, session.translate)
        _say_failures(lessons, session.translate)
        return len(found), lessons

    wanted, lessons = with_session(context, work)
    attacked = [lesson.page.id for lesson in lessons if lesson.verdict.kind is VerdictKind.DEFACED]
    if attacked:
        raise DefacewatchError(
            f"evidence of attack on {', '.join(attacked)}: look at the capture before anyone approves it"
        )
    if len(lessons) < wanted or any(lesson.capture is None for lesson in lessons):
        raise typer.Exit(DefacewatchError.exit_code)


async def _pages(session: Session, words: Sequence[str]) -> list[tuple[Portal, Page]]:
    found = await session.store.portals.find(words)
    if not words:
        found = [(portal, page) for portal, page in found if not portal.paused]
    if not found:
        raise NotFound(
            "no page is registered: add portals to portals.yaml, or `defacewatch portals import FILE`"
        )
    return found


async def _each(
    found: Sequence[tuple[Portal, Page]], one: Callable[[Portal, Page], Awaitable[T]], title: str
) -> list[T]:
    """`one` for each page, several at a time, with progress on a terminal; results in order, without the
    pages that failed, which are said."""
    slots = asyncio.Semaphore(AT_ONCE)
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(title, total=len(found))

        async def slot(portal: Portal, page: Page) -> T:
            async with slots:
                result = await one(portal, page)
            progress.advance(task)
            return result

        done = await asyncio.gather(*(slot(portal, page) for portal, page in found), return_exceptions=True)
    results = [result for result in done if not isinstance(result, BaseException)]
    for (_, page), result in zip(found, done, strict=True):
        if isinstance(result, DefacewatchError):
            sys.stderr.write(f"defacewatch: {page.id}: {result}\n")
        elif isinstance(result, BaseException):
            raise result
    return results


def _print_results(results: Sequence[Result], translate: Translate, *, explain: bool) -> None:
    print_table(
        ("page", "verdict", "score", "capture", "incident"),
        (
            (
                r.outcome.context.page.id,
                r.outcome.verdict.kind.value,
                f"{r.outcome.verdict.score:g}",
                r.recorded.capture,
                r.recorded.incident,
            )
            for r in results
        ),
    )
    for result in results:
        verdict = result.outcome.verdict
        if not explain and verdict.kind in (VerdictKind.CLEAN, VerdictKind.LEARNING):
            continue
        say(f"\n{result.outcome.context.page.id}  {result.outcome.context.page.url}")
        print_table(
            ("points", "role", "kind", "what"),
            ((f"{s.points:g}", s.role.value, s.kind.value, s.sentence(translate)) for s in verdict.signals),
        )
        if explain:
            say(f"score {verdict.score:g}, evidence of attack {verdict.evidence:g}: {verdict.kind.value}")


def _print_lessons(lessons: Sequence[Lesson], translate: Translate) -> None:
    print_table(
        ("page", "capture", "samples", "look at this before approving"),
        (
            (
                lesson.page.id,
                lesson.capture.id if lesson.capture else None,
                lesson.samples,
                "; ".join(
                    s.sentence(translate)
                    for s in lesson.verdict.signals
                    if s.points > 0 or s.role is Role.OUTAGE
                ),
            )
            for lesson in lessons
        ),
    )


def _say_failures(lessons: Sequence[Lesson], translate: Translate) -> None:
    for lesson in lessons:
        if lesson.capture is None:
            why = "; ".join(s.sentence(translate) for s in lesson.verdict.signals) or "no picture was made"
            sys.stderr.write(f"defacewatch: {lesson.page.id}: nothing to propose: {why}\n")


def _lesson_line(lesson: Lesson, translate: Translate) -> shapes.Line:
    return {
        "page": lesson.page.id,
        "url": lesson.page.url,
        "capture": lesson.capture.id if lesson.capture else None,
        "samples": lesson.samples,
        "verdict": lesson.verdict.kind.value,
        "signals": [shapes.signal_line(s, translate) for s in lesson.verdict.signals],
    }


def _duration(text: str) -> timedelta:
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdigit():
        raise UsageError(f"--every {text!r} is not a time such as 5s or 1m")
    return timedelta(seconds=int(number) * units[unit])
