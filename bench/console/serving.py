"""The console in a process of its own, over a store that is there."""

import asyncio
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from prometheus_client import CollectorRegistry

from bench.console.watching import Watching
from defacewatch.config import Registrar
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.web import make_app
from defacewatch.web.listening import listening

TOKEN = "bench"


def serve(folder: str, told: Connection, watched: bool = False) -> None:
    """Serve until something comes through `told`, or its other end closes. First the port is sent, at the
    end how many looks and checks were written meanwhile (see `watching`, where it is `watched`)."""
    asyncio.run(_serve(Path(folder), told, watched))


async def opened(folder: Path) -> Store:
    return await Store.open(
        f"sqlite+aiosqlite:///{folder}/store.db",
        baselines=folder / "baselines",
        evidence=folder / "evidence",
    )


async def _serve(folder: Path, told: Connection, watched: bool) -> None:
    store = await opened(folder)
    roster = Roster((Officer("an", "Nguyễn Văn An"), Officer("binh", "Trần Thị Bình")))
    app = make_app(
        store=store,
        secret_key=b"k" * 32,
        token=TOKEN,
        metrics_token=None,
        metrics_enabled=False,
        zone="Asia/Ho_Chi_Minh",
        language="vi",
        public_url="http://127.0.0.1",
        health=list,
        duty=lambda: ["Nguyễn Văn An", "Trần Thị Bình"],
        roster=lambda: roster,
        registry=CollectorRegistry(),
        registrar=Registrar(),
        coverage=lambda: 0.9987,
        clock=lambda: datetime.now(UTC),
    )
    pages = [page.page for page in await store.wall.pages() if page.incident is None]
    watching = Watching(store, pages)
    async with listening(app, "127.0.0.1", 0) as (_, port):
        ended = asyncio.create_task(asyncio.to_thread(told.poll, None))
        work = [ended, *([asyncio.create_task(watching.run())] if watched else [])]
        told.send(port)
        done, left = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for task in done:
            task.result()
        told.send((watching.looks, watching.checks))
    await store.close()
