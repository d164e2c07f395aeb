"""Everything that must survive: the database through SQLAlchemy Core, and blobs beside it.

Rows become objects in this package and nowhere else.
"""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from defacewatch.errors import NotFound
from defacewatch.store.absences import Absences
from defacewatch.store.accounts import Accounts
from defacewatch.store.alerts import Alerts
from defacewatch.store.audit import Audit
from defacewatch.store.baselines import Baselines
from defacewatch.store.blobs import Blobs, Damaged
from defacewatch.store.campaigns import Campaigns
from defacewatch.store.channeltests import ChannelTests
from defacewatch.store.checks import Checks
from defacewatch.store.drills import Drills
from defacewatch.store.duty import Duty
from defacewatch.store.engine import Engine, parse
from defacewatch.store.figures import Figures
from defacewatch.store.handovers import Handovers
from defacewatch.store.identities import Identities
from defacewatch.store.incidents import Incidents
from defacewatch.store.lessons import Lessons
from defacewatch.store.links import Links
from defacewatch.store.masks import Masks
from defacewatch.store.messages import Messages
from defacewatch.store.migrate import migrate
from defacewatch.store.mutes import Mutes
from defacewatch.store.portals import Portals
from defacewatch.store.putoff import PutOff
from defacewatch.store.reviews import Reviews
from defacewatch.store.sessions import ApiTokens, Sessions
from defacewatch.store.trials import Trials
from defacewatch.store.upkeep import Sizes, Upkeep
from defacewatch.store.wall import Wall
from defacewatch.store.windows import Windows
from defacewatch.usage import free_at

__all__ = ["Store"]

T = TypeVar("T")


class Store:
    """The store, open. Its parts share one engine; `blobs` is the evidence, `approved` the baselines'.

    `version` is that of the features which can be used; None where nothing is going to be compared.
    """

    def __init__(
        self,
        engine: Engine,
        blobs: Blobs,
        approved: Blobs,
        *,
        version: int | None = None,
        outside: Path | None = None,
    ) -> None:
        self.engine, self.blobs, self.approved = engine, blobs, approved
        self.portals = Portals(engine)
        self.baselines = Baselines(engine, blobs, approved, version=version)
        self.reviews = Reviews(engine)
        self.checks = Checks(engine, blobs, version=version)
        self.incidents = Incidents(engine)
        self.alerts = Alerts(engine)
        self.messages = Messages(engine)
        self.put_off = PutOff(engine)
        self.campaigns = Campaigns(engine)
        self.absences = Absences(engine)
        self.figures = Figures(engine)
        self.lessons = Lessons(engine)
        self.trials = Trials(engine)
        self.links = Links(engine)
        self.windows = Windows(engine)
        self.masks = Masks(engine)
        self.mutes = Mutes(engine)
        self.handovers = Handovers(engine)
        self.duty = Duty(engine)
        self.channel_tests = ChannelTests(engine)
        self.drills = Drills(engine)
        self.accounts = Accounts(engine)
        self.sessions = Sessions(engine)
        self.identities = Identities(engine)
        self.api_tokens = ApiTokens(engine)
        self.audit = Audit(engine, outside)
        self.wall = Wall(engine)
        self.upkeep = Upkeep(engine, blobs, approved)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        baselines: Path,
        evidence: Path,
        password: str | None = None,
        version: int | None = None,
        audit_key: bytes = b"",
        outside: Path | None = None,
    ) -> "Store":
        """Bring the tables up to date and open the store; `audit_key` seals its audit log (audit.audit_key),
        whose head the file `outside` keeps too.

        Raises UsageError for a URL that cannot be used, StoreError when the database does not answer.
        """
        parsed = parse(url, password)
        await asyncio.to_thread(migrate, parsed)
        engine = Engine(parsed, audit_key=audit_key)
        store = cls(engine, Blobs(evidence), Blobs(baselines), version=version, outside=outside)
        try:
            await store.audit.begin()
        except BaseException:
            await store.close()
            raise
        return store

    async def together(self, gather: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `gather` reads of this store, as it was at one moment, at the cost of one wait; it may await
        nothing else (`Engine.together`)."""
        return await self.engine.together(gather)

    async def close(self) -> None:
        await self.engine.close()

    async def sizes(self) -> Sizes:
        """What the store takes on disk, in bytes; cheap."""
        return await self.upkeep.sizes()

    async def free(self) -> dict[str, int]:
        """The bytes that are free where each part is kept; of a database server nothing is known."""
        folders = {"evidence": self.blobs.folder, "baselines": self.approved.folder}
        if self.engine.sqlite:
            folders["database"] = Path(str(self.engine.url.database)).parent
        return await asyncio.to_thread(lambda: {part: free_at(folder) for part, folder in folders.items()})

    async def pictures(self, blob: str) -> bytes:
        """The content of a blob, from the evidence or, for an approved capture, from the baselines.

        Raises NotFound, or DefacewatchError when the file is damaged.
        """
        try:
            return await asyncio.to_thread(self.blobs.get, blob)
        except (NotFound, Damaged):
            if not self.approved.has(blob):
                raise
            return await asyncio.to_thread(self.approved.get, blob)
