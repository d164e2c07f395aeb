"""Codes of an authenticator, by the vectors of RFC 6238, and recovery codes."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.totp import (
    address,
    code_at,
    matching_step,
    new_secret,
    recovery_codes,
    recovery_hash,
    step_at,
)

# RFC 6238, appendix B: SHA-1, the last six of eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert code_at(SECRET, step_at(now)) == code
    assert matching_step(SECRET, code, now) == seconds // 30


def test_a_phone_may_be_off_by_one_step_and_no_more(now: datetime) -> None:
    code = code_at(SECRET, step_at(now))
    for off, found in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        assert (matching_step(SECRET, code, now + timedelta(seconds=off)) is not None) is found


def test_a_code_is_not_taken_twice_nor_an_earlier_one_after_it(now: datetime) -> None:
    step = step_at(now)
    assert matching_step(SECRET, code_at(SECRET, step), now, used=step) is None
    assert matching_step(SECRET, code_at(SECRET, step - 1), now, used=step) is None
    assert matching_step(SECRET, code_at(SECRET, step + 1), now, used=step) == step + 1


@pytest.mark.parametrize("wrong", ["", "12345", "abcdef", "１２３４５６", "\ud800"])
def test_what_is_no_code_is_refused(wrong: str, now: datetime) -> None:
    assert matching_step(SECRET, wrong, now) is None


def test_a_code_may_be_typed_in_groups(now: datetime) -> None:
    code = code_at(SECRET, step_at(now))
    assert matching_step(SECRET, f"{code[:3]} {code[3:]}", now) == step_at(now)


def test_secrets_and_recovery_codes_are_random_and_hashed_for_one_account() -> None:
    assert len(base64.b32decode(new_secret())) == 20
    codes = recovery_codes()
    assert len(set(codes)) == 10
    kept = recovery_hash(b"k", 1, codes[0])
    assert kept == recovery_hash(b"k", 1, codes[0].upper().replace("-", " "))
    assert kept not in (recovery_hash(b"k", 2, codes[0]), recovery_hash(b"x", 1, codes[0]))
    assert address(SECRET, "an").startswith(f"otpauth://totp/defacewatch%3Aan?secret={SECRET}&")
