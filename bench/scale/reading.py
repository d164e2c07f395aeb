"""Somebody who reads the daemon's console while it watches: how long its pages take then."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from bench.scale.subject import Subject

PAUSE = 0.5  # seconds between two pages, as of a few people who look through it
PAGES: Mapping[str, str] = {
    "wall": "/",
    "wall, rows": "/?view=rows",
    "wall, last page": "/?page=999",
    "incident": "/incidents/{incident}",
    "baselines": "/baselines",
    "portals": "/portals",
    "portal": "/portals/{portal}",
    "page": "/pages/{page}",
    "duty": "/duty",
    "API, pages": "/api/v1/pages",
    "API, incidents": "/api/v1/incidents",
}


@dataclass
class Reader:
    """Asks for one page after the other; `took` are the seconds of each answer after the first, by the page's
    name. What cannot be asked for yet (there is no incident) is passed over."""

    subject: Subject
    portal: str
    page: str
    took: dict[str, list[float]] = field(default_factory=dict)
    incident: int | None = None

    async def read(self) -> None:
        """Until it is cancelled."""
        headers = {"Authorization": f"Bearer {self.subject.status_token()}"}
        address = f"http://127.0.0.1:{self.subject.port}"
        async with aiohttp.ClientSession(address, headers=headers) as session:
            while True:
                for name, path in PAGES.items():
                    if "{incident}" in path and not await self._finds_incident(session):
                        continue
                    where = path.format(incident=self.incident, portal=self.portal, page=self.page)
                    seconds = await _seconds(session, where)
                    if name in self.took:
                        self.took[name].append(seconds)
                    else:
                        self.took[name] = []
                    await asyncio.sleep(PAUSE)

    async def _finds_incident(self, session: aiohttp.ClientSession) -> bool:
        if self.incident is None:
            async with session.get("/api/v1/incidents") as answer:
                found = (await answer.json())["incidents"]
            self.incident = found[0]["id"] if found else None
        return self.incident is not None


async def _seconds(session: aiohttp.ClientSession, path: str) -> float:
    begun = time.perf_counter()
    async with session.get(path) as answer:
        await answer.read()
        answer.raise_for_status()
    return time.perf_counter() - begun
