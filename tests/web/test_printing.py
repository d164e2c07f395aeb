"""Papers of the console are printed one at a time."""

import asyncio

import pytest

from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.web.printing import WAITING, Press
from defacewatch.web.problems import Unavailable
from tests.papers.samples import paper


async def test_papers_are_printed_one_at_a_time_and_few_wait() -> None:
    begun, go = asyncio.Queue[str](), asyncio.Event()

    async def slow(html: str) -> bytes:
        begun.put_nowait(html)
        await go.wait()
        return b"%PDF-"

    press = Press(slow)
    wanted = [asyncio.create_task(press.pdf(paper())) for _ in range(WAITING)]
    assert "BÁO CÁO" in await begun.get()
    assert (press.waiting, begun.empty()) == (WAITING, True)
    with pytest.raises(Unavailable, match="Too many papers are being printed") as refused:
        await press.pdf(paper())
    assert refused.value.later
    go.set()
    assert await asyncio.gather(*wanted) == [b"%PDF-"] * WAITING
    assert (press.waiting, begun.qsize()) == (0, WAITING - 1)


async def test_a_print_that_fails_holds_up_no_other() -> None:
    async def broken(html: str) -> bytes:
        raise DefacewatchError("the browser does not print")

    press = Press(broken)
    for _ in range(WAITING + 1):
        with pytest.raises(Unavailable, match="The browser of this host does not print just now"):
            await press.pdf(paper())


async def test_where_nothing_prints_there_is_nothing() -> None:
    with pytest.raises(NotFound, match="Nothing on this host prints"):
        await Press(None).pdf(paper())
