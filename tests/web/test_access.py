"""Tokens, sessions and the limit on guessing."""

from datetime import timedelta

import pytest

from defacewatch.errors import UsageError
from defacewatch.web.access import (
    ADDRESSES,
    FAILURES,
    KEPT,
    LONGEST_SESSION,
    SESSION,
    WINDOW,
    Access,
    Limiter,
)
from tests.conftest import Clock


@pytest.fixture
def access(clock: Clock) -> Access:
    return Access("token", b"key", clock=clock)


def test_only_the_right_token_is_admitted(access: Access) -> None:
    assert access.admits("token", "192.0.2.1")
    assert not access.admits("Token", "192.0.2.1")
    assert not access.admits("", "192.0.2.1")
    assert not access.admits("\ud800", "192.0.2.1")


def test_an_empty_token_is_refused_from_the_start(clock: Clock) -> None:
    with pytest.raises(UsageError):
        Access("", b"key", clock=clock)


def test_a_session_lasts_a_shift_and_no_longer(access: Access, clock: Clock) -> None:
    cookie = access.open_session()
    assert access.renewed(cookie) == cookie
    clock.now += SESSION
    assert access.renewed(cookie) is None


def test_a_session_in_use_is_renewed_until_it_has_lasted_a_month(access: Access, clock: Clock) -> None:
    cookie: str | None = access.open_session()
    began = clock.now
    while clock.now - began < LONGEST_SESSION - SESSION:
        clock.now += SESSION * 3 / 4
        cookie = access.renewed(cookie)
        assert cookie is not None
    clock.now = began + LONGEST_SESSION
    assert access.renewed(cookie) is None


@pytest.mark.parametrize("forged", ["", "1.2", "x", "1.99999999999." + "0" * 64, "٣.4." + "0" * 64])
def test_a_forged_session_is_none(access: Access, forged: str) -> None:
    assert access.renewed(forged) is None


def test_a_session_cannot_be_made_longer_by_its_holder(access: Access) -> None:
    began, ends, mac = access.open_session().split(".")
    assert access.renewed(f"{began}.{int(ends) + 60}.{mac}") is None
    assert access.renewed(f"{int(began) + 60}.{ends}.{mac}") is None


def test_a_new_token_or_key_ends_all_sessions(access: Access, clock: Clock) -> None:
    cookie = access.open_session()
    assert Access("other", b"key", clock=clock).renewed(cookie) is None
    assert Access("token", b"other", clock=clock).renewed(cookie) is None
    assert Access("token", b"key", clock=clock).renewed(cookie) == cookie


def test_after_too_many_wrong_tokens_an_address_waits_and_others_do_not(access: Access, clock: Clock) -> None:
    for _ in range(FAILURES):
        assert access.wait("192.0.2.1") is None
        access.admits("wrong", "192.0.2.1")
    assert access.wait("192.0.2.1") == WINDOW
    assert access.wait("192.0.2.2") is None
    clock.now += WINDOW
    assert access.wait("192.0.2.1") is None


def test_all_addresses_of_an_ipv6_network_count_as_one(clock: Clock) -> None:
    limiter = Limiter()
    for host in range(FAILURES):
        limiter.failed(f"2001:db8::{host:x}", clock.now)
    assert limiter.wait("2001:db8::ffff", clock.now) is not None
    assert limiter.wait("2001:db8:0:1::1", clock.now) is None


def test_the_memory_of_wrong_tokens_is_bounded(clock: Clock) -> None:
    limiter = Limiter()
    for number in range(ADDRESSES + 50):
        limiter.failed(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", clock.now)
    for _ in range(FAILURES * 5):
        limiter.failed("192.0.2.1", clock.now)
    assert len(limiter.seen) == ADDRESSES
    assert len(limiter.seen["192.0.2.1/32"]) == KEPT
    assert limiter.wait("192.0.2.1", clock.now + timedelta(seconds=1)) is not None
