"""The console in a process of its own, over a store that is there."""

import asyncio
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from prometheus_client import CollectorRegistry

from defacewatch.config import Registrar
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.web import make_app
from defacewatch.web.listening import listening

TOKEN = "bench"


def serve(folder: str, told: Connection) -> None:
    """Serve until the other end of `told` closes; first the port is sent."""
    asyncio.run(_serve(Path(folder), told))


async def opened(folder: Path) -> Store:
    return await Store.open(
        f"sqlite+aiosqlite:///{folder}/store.db",
        baselines=folder / "baselines",
        evidence=folder / "evidence",
    )


async def _serve(folder: Path, told: Connection) -> None:
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
    async with listening(app, "127.0.0.1", 0) as (_, port):
        told.send(port)
        await asyncio.to_thread(told.poll, None)
    await store.close()
