"""The console is read while the daemon is measured."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.scale import reading
from bench.scale.reading import PAGES, Reader
from bench.scale.subject import Subject


async def test_every_page_is_asked_for_in_turn_and_an_incident_once_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "PAUSE", 0)
    asked: list[str] = []
    through = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        asked.append(request.path_qs)
        if asked.count("/incidents/7") > 1:
            through.set()
        there = asked.count("/duty") > 0
        return web.json_response({"incidents": [{"id": 7}] if there else []})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        subject = cast("Subject", SimpleNamespace(port=server.port, status_token=lambda: "secret"))
        reader = Reader(subject, "p00000", "p00000-1")
        task = asyncio.create_task(reader.read())
        async with asyncio.timeout(20):
            await through.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert asked.index("/incidents/7") > asked.index("/duty")
    assert {"/portals/p00000", "/pages/p00000-1"} <= set(asked)
    assert set(reader.took) == set(PAGES)
    assert len(reader.took["wall"]) == asked.count("/") - 1
    assert all(seconds > 0 for took in reader.took.values() for seconds in took)
