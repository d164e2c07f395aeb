"""How far an alert has come, read from the database, and a gate that stops the daemon between two writes.

The daemon knows nothing of this. The gate is one more client of its database: it takes the lock that every
write needs, looks, and lets go again, or keeps it. While it keeps it the daemon waits inside its next
transaction, as it would for a slow disk, and can be killed exactly there.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Table, create_engine, delete, func, make_url, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from defacewatch.alerts import DeliveryState
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.schema import incidents, page_state
from defacewatch.store.stormschema import incident_marks

LOOK_EVERY = 0.0005  # seconds; from the commit of an alert to its claim pass a few milliseconds


class Moment(StrEnum):
    """When the daemon is killed, or was found to have been."""

    NOTHING = "before anything was recorded"
    RECORDED = "alert recorded, unclaimed"
    CLAIMED = "alert claimed"
    WRITTEN = "deliveries written, waiting"
    SENDING = "being sent"
    SENT = "sent, not yet recorded"
    DONE = "sent and recorded"
    RANDOM = "at random"


WANTED = (Moment.RECORDED, Moment.CLAIMED, Moment.SENDING, Moment.SENT, Moment.RANDOM)


@dataclass(frozen=True)
class Message:
    """A delivery's row, as far as it matters here."""

    channel: str
    officer: str
    state: DeliveryState
    attempts: int
    receipt: str | None
    sent_at: datetime | None


@dataclass(frozen=True)
class Told:
    """An alert's row with its deliveries."""

    id: int
    claimed: bool
    messages: tuple[Message, ...]

    def moment(self, arrived: Callable[[str], bool]) -> Moment:
        """How far it has come; `arrived` says whether a channel's server has accepted the message."""
        if not self.messages:
            return Moment.CLAIMED if self.claimed else Moment.RECORDED
        sending = [m for m in self.messages if m.state is DeliveryState.SENDING]
        if any(arrived(m.channel) for m in sending):
            return Moment.SENT
        if sending:
            return Moment.SENDING
        done = all(m.state is DeliveryState.SENT for m in self.messages)
        return Moment.DONE if done else Moment.WRITTEN


@dataclass(frozen=True)
class Sight:
    """What the database holds about one page: its incidents, and their alerts."""

    incidents: tuple[int, ...] = ()
    alerts: tuple[Told, ...] = ()


class Gate:
    """A connection of the harness's own to the daemon's database (a URL as in `store.url`)."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        driver, options = ("sqlite", {"timeout": 0, "check_same_thread": False})
        if not self.sqlite:
            driver, options = ("postgresql+psycopg", {})
        self.engine = create_engine(
            parsed.set(drivername=driver),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended by hand
            connect_args=options,
        )
        self.connection = self.engine.connect()
        self.holding = False

    def close(self) -> None:
        self.release()
        self.connection.close()
        self.engine.dispose()

    def sight(self, page: str) -> Sight:
        numbers = tuple(
            self.connection.scalars(select(incidents.c.id).where(incidents.c.page == page).order_by("id"))
        )
        rows = self.connection.execute(select(alerts).where(alerts.c.page == page).order_by(alerts.c.id))
        told = tuple(
            Told(row.id, row.step > 0 or row.next_step_at != row.at, self._messages(row.id))
            for row in rows.all()
        )
        return Sight(numbers, told)

    def keep_apart(self, within: float = 10.0) -> None:
        """Let no incident belong to others: a campaign is one thread, and a round is about one message."""
        until = time.monotonic() + within
        while True:
            try:
                self.connection.execute(delete(incident_marks))
                return
            except OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def last_incident(self) -> int:
        return self.connection.scalar(select(func.max(incidents.c.id))) or 0

    def not_captured(self) -> int:
        """How many pages the daemon has not yet looked at with the browser."""
        waiting = select(func.count()).where(page_state.c.captured_at.is_(None))
        return self.connection.scalar(waiting) or 0

    def stop_when(self, page: str, reached: Callable[[Sight], bool], within: float, *, table: Table) -> bool:
        """Look after every write of the daemon, and hold it once `reached` is true of `page`: on SQLite
        before any write, on PostgreSQL before the next one to `table`.

        False, holding nothing, when that has not happened within so many seconds.
        """
        until = time.monotonic() + within
        seen = -1
        while time.monotonic() < until:
            version = self._version()
            if version != seen and self._hold(table):
                if reached(self.sight(page)):
                    return True
                seen = self._version()
                self.release()
            time.sleep(LOOK_EVERY)
        return False

    def release(self) -> None:
        if self.holding:
            self.connection.exec_driver_sql("ROLLBACK")
            self.holding = False

    def end_leases(self) -> None:
        """Make due at once what a dead daemon has claimed: fakes the passing of the lease."""
        now = datetime.now(UTC)
        for table, due in ((alerts, alerts.c.next_step_at), (deliveries, deliveries.c.next_at)):
            self.connection.execute(update(table).where(due > now).values({due.name: now}))

    def _messages(self, alert: int) -> tuple[Message, ...]:
        rows = self.connection.execute(
            select(deliveries).where(deliveries.c.alert == alert).order_by(deliveries.c.id)
        )
        return tuple(
            Message(r.channel, r.officer, DeliveryState(r.state), r.attempts, r.receipt, r.sent_at)
            for r in rows
        )

    def _version(self) -> int:
        """A number that another connection's commit changes. PostgreSQL has none that is as cheap, but its
        locks queue: whoever asks while a transaction runs is next."""
        if self.sqlite:
            return int(self.connection.exec_driver_sql("PRAGMA data_version").scalar_one())
        return time.monotonic_ns()

    def _hold(self, table: Table) -> bool:
        """Take the lock that the daemon's next write needs; False when it has it itself."""
        if not self.sqlite:
            self.connection.exec_driver_sql("BEGIN")
            self.connection.exec_driver_sql(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE")
        else:
            try:
                self.connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if "locked" not in str(error.orig):
                    raise
                return False
        self.holding = True
        return True
