"""The farm's process: `python -m bench.scale.farmhand OPTIONS`, and how the bench talks with it.

The control port speaks JSON over HTTP: POST /deface, /restore, /begin, /mode; GET /pages, /counts, /defaced.
"""

import argparse
import asyncio
import gc
import resource
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bench.scale import generated, mirrored
from bench.scale.attacks import Kind, possible
from bench.scale.farm import Defacement, Farm
from bench.scale.figures import quantile
from bench.scale.layout import LOOKS, Layout, Trouble
from bench.scale.looks import Look
from bench.scale.serving import Latency, Server, served

GAPS = ("0.5", "0.99", "1")  # shares of the gaps between looks that are told
READY = "ready"  # the line that says that the farm listens


def all_looks(layout: Layout, corpus: Path | None) -> list[Look]:
    """The looks that pages have: generated ones, and those of the corpus where there is one."""
    real = len(mirrored.PROJECTS) + len(mirrored.MIRRORED) if corpus else 0
    needed, first = 1 + max(place.look for place in layout.places), LOOKS - real
    made = generated.looks(min(needed, first), seed=layout.seed, supplier_port=layout.port)
    return made + (mirrored.looks(corpus, first=first) if corpus and needed > first else [])


class Control:
    """What the bench may tell the farm, and ask it."""

    def __init__(self, farm: Farm, server: Server) -> None:
        self.farm, self.server = farm, server

    async def listen(self, port: int) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/deface", self._deface)
        app.router.add_post("/restore", self._restore)
        app.router.add_post("/begin", self._begin)
        app.router.add_post("/mode", self._mode)
        app.router.add_get("/pages", self._pages)
        app.router.add_get("/counts", self._counts)
        app.router.add_get("/defaced", self._defaced)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    async def _deface(self, request: web.Request) -> web.Response:
        told = await request.json()
        try:
            done = self.farm.deface(told["pages"], Kind(told["kind"]))
        except (ValueError, IndexError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response([asdict(one) for one in done])

    async def _restore(self, request: web.Request) -> web.Response:
        self.farm.restore((await request.json())["pages"])
        return web.json_response({})

    async def _begin(self, request: web.Request) -> web.Response:
        self.farm.begin((await request.json())["update_every"])
        return web.json_response({})

    async def _mode(self, request: web.Request) -> web.Response:
        """Latency, errors and troubles from now on; what is not named stays as it is."""
        told = await request.json()
        if "latency" in told:
            self.server.latency.median = told["latency"]
        if "failing" in told:
            self.farm.failing = told["failing"]
        if "troubles" in told:
            self.farm.troubled = frozenset(Trouble(name) for name in told["troubles"])
            await self.server.settle()
        return web.json_response({})

    async def _pages(self, request: web.Request) -> web.Response:
        """Where each page lies, and the ways in which it can be defaced."""
        looks = self.farm.looks
        return web.json_response(
            [
                {
                    "number": place.number,
                    "url": place.origin + looks[place.look].path,
                    "name": looks[place.look].name,
                    "kinds": [k.value for k in Kind if possible(k, looks[place.look], own_tag=place.own_tag)],
                }
                for place in self.farm.layout.places
            ]
        )

    async def _counts(self, request: web.Request) -> web.Response:
        """Totals, and with ?pages=1 those of each page."""
        counts = {number: asdict(of) for number, of in self.farm.counts.items()}
        names = [name for name in next(iter(counts.values())) if name != "most"]
        totals: dict[str, Any] = {name: sum(of[name] for of in counts.values()) for name in names}
        totals["most"] = max(of["most"] for of in counts.values())
        totals["supplied"] = dict(self.farm.supplied)
        totals["gaps"] = {share: quantile(self.farm.gaps, float(share)) for share in GAPS if self.farm.gaps}
        totals["connections"] = len(self.server.connections)
        if request.query.get("pages"):
            totals["pages"] = counts
        return web.json_response(totals)

    async def _defaced(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(one) for one in self.farm.history])


@dataclass(frozen=True)
class Field:
    """A page as the farm tells of it."""

    number: int
    url: str
    name: str
    kinds: frozenset[Kind]


class Farmer:
    """The bench's end of the control port."""

    def __init__(self, client: aiohttp.ClientSession, port: int) -> None:
        self.client, self.url = client, f"http://127.0.0.1:{port}"

    async def deface(self, numbers: Iterable[int], kind: Kind) -> list[Defacement]:
        return _defacements(await self._post("/deface", pages=list(numbers), kind=kind.value))

    async def restore(self, numbers: Iterable[int]) -> None:
        await self._post("/restore", pages=list(numbers))

    async def begin(self, *, update_every: float) -> None:
        """Count anew, and publish an update of each page every so many seconds from now on."""
        await self._post("/begin", update_every=update_every)

    async def mode(self, **what: object) -> None:
        """`latency` (its median in seconds), `failing`, `troubles` (values of Trouble)."""
        await self._post("/mode", **what)

    async def pages(self) -> list[Field]:
        return [
            Field(one["number"], one["url"], one["name"], frozenset(map(Kind, one["kinds"])))
            for one in await self._get("/pages")
        ]

    async def counts(self, *, pages: bool = False) -> dict[str, Any]:
        return dict(await self._get("/counts?pages=1" if pages else "/counts"))

    async def defaced(self) -> list[Defacement]:
        return _defacements(await self._get("/defaced"))

    async def _post(self, path: str, **what: object) -> Any:
        async with self.client.post(self.url + path, json=what) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _get(self, path: str) -> Any:
        async with self.client.get(self.url + path) as answer:
            answer.raise_for_status()
            return await answer.json()


def _defacements(plain: Iterable[dict[str, Any]]) -> list[Defacement]:
    return [Defacement(**{**one, "kind": Kind(one["kind"])}) for one in plain]


async def _run(layout: Layout, corpus: Path | None, control_port: int) -> None:
    farm = Farm(layout, all_looks(layout, corpus), time.time)
    gc.freeze()  # the looks stay: the collector need not walk them again and again
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with served(farm, Latency(layout.seed, median=0.0)) as server:
        runner = await Control(farm, server).listen(control_port)
        print(READY, flush=True)
        await ended.wait()
        await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.scale.farmhand")
    for name in ("size", "seed", "port", "control"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_run(Layout(options.size, options.seed, options.port), options.corpus, options.control))


if __name__ == "__main__":
    main()
