"""What every test may use: a fixed moment, and a clock that is moved by hand."""

from datetime import UTC, datetime, timedelta

import pytest


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now


@pytest.fixture
def now() -> datetime:
    """14:00 on National Day, in Hưng Yên."""
    return datetime(2026, 9, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)
