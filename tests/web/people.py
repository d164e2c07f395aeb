"""People with accounts, for tests of the console."""

import re

import aiohttp

from defacewatch.accounts import Account, Role
from defacewatch.audit import Actor
from defacewatch.passwords import hashed, is_dated
from defacewatch.sealing import sealed
from defacewatch.store import Store
from defacewatch.totp import code_at, step_at
from defacewatch.web.proving import SECRET
from tests.conftest import Clock
from tests.store.samples import NOW
from tests.web.conftest import Client, send

PASSWORD = "ba con mèo đen nhỏ"
KEY = b"k" * 32  # the application's secret key
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ME = Actor("test", "test")
_HASHES: dict[str, str] = {}


def hash_of(password: str) -> str:
    """Hashed once for all tests that hash alike."""
    if password not in _HASHES or is_dated(_HASHES[password]):
        _HASHES[password] = hashed(password)
    return _HASHES[password]


async def person(
    store: Store,
    name: str = "an",
    role: Role = Role.OFFICER,
    *,
    officer: str | None = None,
    totp: bool = False,
) -> Account:
    account = await store.accounts.add(
        name, name.title(), role, password=hash_of(PASSWORD), officer=officer, actor=ME, now=NOW
    )
    if totp:
        await store.accounts.set_totp(account.id, sealed(KEY, SECRET, TOTP), (), actor=ME, now=NOW)
    return account


def code(clock: Clock) -> str:
    return code_at(TOTP, step_at(clock()))


async def log_in(client: Client, name: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
    return await send(client, "/login", {"user": name, "password": password})


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]
