"""The chain of the audit log: what an insider could try, and what verifying says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.audit import (
    Act,
    Entry,
    Head,
    account_in,
    audit_key,
    beginning,
    chained,
    facts_text,
    first_broken,
    head_of,
)

KEY = audit_key(b"s" * 32)
NOW = datetime(2026, 9, 2, 7, tzinfo=UTC)


def written(count: int, key: bytes = KEY) -> tuple[list[Entry], Head]:
    head, entries = beginning(key), []
    for number in range(count):
        at = NOW + timedelta(seconds=number)
        entry = Entry(
            0, at, "an", "cli", Act.ACKNOWLEDGED, f"incident {number}", "", facts_text({"n": number})
        )
        entries.append(chained(entry, head, key))
        head = head_of(entries[-1], key)
    return entries, head


def test_a_log_that_was_left_alone_is_whole() -> None:
    for count in (0, 1, 20):
        entries, head = written(count)
        assert first_broken(entries, head, KEY) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda e: replace(e, who="binh"),
        lambda e: replace(e, at=e.at + timedelta(microseconds=1)),
        lambda e: replace(e, source="telegram"),
        lambda e: replace(e, act=Act.RESOLVED),
        lambda e: replace(e, object="incident 99"),
        lambda e: replace(e, before="{}"),
        lambda e: replace(e, after='{"n":7}'),
    ],
)
def test_an_entry_that_was_changed_is_named(change: Callable[[Entry], Entry]) -> None:
    entries, head = written(5)
    entries[2] = change(entries[2])
    broken = first_broken(entries, head, KEY)
    assert broken is not None
    assert (broken.number, broken.why) == (3, "was changed")


def test_entries_that_were_taken_away_are_missed_at_any_place() -> None:
    entries, head = written(5)
    for gone, number in ((0, 1), (2, 3), (4, 5)):
        broken = first_broken(entries[:gone] + entries[gone + 1 :], head, KEY)
        assert broken is not None
        assert (broken.number, broken.why) == (number, "is missing")
    broken = first_broken([], head, KEY)
    assert broken is not None
    assert broken.number == 1


def test_whoever_has_no_key_can_neither_rewrite_the_log_nor_add_to_it() -> None:
    entries, head = written(3)
    forged, forged_head = written(3, key=b"another")
    broken = first_broken(forged, forged_head, KEY)
    assert broken is not None
    assert broken.why == "was not sealed with this secret key"
    extra = chained(entries[0], head, b"another")
    broken = first_broken([*entries, extra], head_of(extra, b"another"), KEY)
    assert broken is not None
    assert broken.number == 4


def test_the_last_entries_cannot_go_with_a_head_made_up_for_it() -> None:
    entries, _ = written(5)
    broken = first_broken(entries[:3], head_of(entries[2], b"another"), KEY)
    assert broken is not None
    assert broken.why == "has a head that was not sealed with this secret key"


def test_an_entry_in_another_order_does_not_follow() -> None:
    entries, head = written(4)
    swapped = [entries[0], replace(entries[2], number=2), replace(entries[1], number=3), entries[3]]
    broken = first_broken(swapped, head, KEY)
    assert broken is not None
    assert (broken.number, broken.why) == (2, "does not follow from the one before")


def test_the_account_besides_an_officer_is_read_from_where_somebody_acted() -> None:
    for source, account in (
        ("console:192.0.2.1 account an.nguyen", "an.nguyen"),
        ("api:2001:db8::1 account binh token 12", "binh"),
        ("console: account an", "an"),
        ("cli:root (SUDO_USER=x account an)", None),
        ("telegram", None),
        ("", None),
    ):
        assert account_in(source) == account
