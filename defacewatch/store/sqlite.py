"""SQLite: how its connections are set up."""

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from defacewatch.store.threads import APART, InThreads

WAIT = 30.0  # seconds that a transaction waits for another process's
LOG_KEPT = 64 << 20  # bytes of the write-ahead log that stay on disk once they are written back
THREADS = 4  # one of them writes, the others read


def in_threads(url: URL) -> InThreads:
    """Whole transactions on the SQLite database `url`."""
    plain = url.set(drivername="sqlite")
    reader = _connecting(plain, connections=THREADS + APART, synchronous="NORMAL")
    laster = _connecting(plain, connections=1, synchronous="FULL")
    return InThreads(
        THREADS,
        reader=reader,
        writer=reader.execution_options(begin="BEGIN IMMEDIATE"),
        laster=laster.execution_options(begin="BEGIN IMMEDIATE"),
    )


def _connecting(url: URL, *, connections: int, synchronous: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": WAIT, "check_same_thread": False},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=2 * WAIT,
    )
    tune(engine, synchronous=synchronous)
    return engine


def tune(engine: Engine, *, synchronous: str) -> None:
    """Set up the connections of `engine`; its execution option `begin` says how transactions begin."""

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        prepare_sqlite(connection)
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute(f"PRAGMA journal_size_limit={LOG_KEPT}")
        cursor.close()

    event.listen(engine, "begin", begin_sqlite)


def prepare_sqlite(connection: DBAPIConnection) -> None:
    """Take the beginning of transactions out of the driver's hands."""
    connection.isolation_level = None


def begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin is not None:
        connection.exec_driver_sql(begin)
