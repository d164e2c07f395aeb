"""The web application over a real store on SQLite, and a client of its own."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from defacewatch.config import Registrar
from defacewatch.language import Sentence
from defacewatch.roster import Roster
from defacewatch.store import Store
from defacewatch.web import make_app
from tests.conftest import Clock
from tests.web.described import Checked

TOKEN = "mã-truy-cập-thử"
Client = TestClient[web.Request, web.Application]


@dataclass
class Around:
    """What the daemon would tell the application."""

    problems: list[Sentence] = field(default_factory=list)
    duty: list[str] = field(default_factory=lambda: ["Nguyễn Văn An"])
    places: dict[str, str] = field(default_factory=dict)
    roster: Roster = field(default_factory=Roster)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


@pytest.fixture
def around() -> Around:
    return Around()


@pytest.fixture
async def store(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(sqlite_url, baselines=tmp_path / "baselines", evidence=tmp_path / "evidence")
    yield opened
    await opened.close()


Serve = Callable[..., Awaitable[Client]]


@pytest.fixture
async def serve(store: Store, around: Around, clock: Clock) -> AsyncIterator[Serve]:
    """Start the application, with other settings where named; a client that follows no redirect."""
    clients: list[Client] = []

    async def started(**settings: object) -> Client:
        usual: dict[str, object] = {
            "store": store,
            "secret_key": b"k" * 32,
            "token": TOKEN,
            "metrics_token": None,
            "metrics_enabled": True,
            "zone": "Asia/Ho_Chi_Minh",
            "language": "en",
            "public_url": "http://127.0.0.1:8080",
            "health": lambda: around.problems,
            "duty": lambda: around.duty,
            "roster": lambda: around.roster,
            "registry": around.registry,
            "registrar": Registrar(lambda: around.places),
            "clock": clock,
        }
        app = make_app(**(usual | settings))  # type: ignore[arg-type]
        client: Client = Checked(TestServer(app), cookie_jar=aiohttp.CookieJar(unsafe=True))
        clients.append(client)
        await client.start_server()
        return client

    yield started
    for client in clients:
        await client.close()


@pytest.fixture
async def client(serve: Serve) -> Client:
    """A client that has not signed in."""
    return await serve()


CSRF = re.compile(r'name="csrf" value="([0-9a-f]{40})"')


async def csrf_of(client: Client, page: str) -> str:
    """The token that the forms of a page carry."""
    found = CSRF.search(await (await client.get(page)).text())
    assert found is not None, page
    return found[1]


async def send(
    client: Client, path: str, fields: dict[str, str], *, page: str = "/login"
) -> aiohttp.ClientResponse:
    """Send a form of `page`, as a browser does; redirects are not followed."""
    csrf = await csrf_of(client, page)
    return await client.post(path, data={"csrf": csrf, **fields}, allow_redirects=False)


async def sign_in(client: Client) -> None:
    """Sign in with the shared token, for reading."""
    assert (await send(client, "/login", {"token": TOKEN})).status == 303


@pytest.fixture
async def reader(client: Client) -> Client:
    """A client that has signed in."""
    await sign_in(client)
    return client
