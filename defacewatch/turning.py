"""Pictures that take turns: a slider that shows another of its slides shows nothing new.

Learning sees the slides that are shown while it looks; a page that is pictured later in its own time (a slow
network, a busy host) shows another. What stands now in the place of a lasting picture is no news where the
approved look had loaded both of them, hidden or not, and both have been loaded again as they were. It is
asked for only where pictures are others, so nothing of it is kept with the features.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

import structlog

from defacewatch.captures import Capture, Look, Resource
from defacewatch.errors import DefacewatchError
from defacewatch.fetch.events import RESOURCES
from defacewatch.materials import same_pictures
from defacewatch.records import Context

KEPT = 256  # approved looks whose pictures are remembered

log = structlog.get_logger(__name__)


class Looks(Protocol):
    """What it needs of the store."""

    async def capture(self, capture_id: str) -> Capture: ...
    async def look(self, capture: Capture) -> Look: ...


class Turning:
    """Tells which pictures of approved looks a look has loaded as they were."""

    def __init__(self, kept: Looks) -> None:
        self._kept = kept
        self._approved: OrderedDict[str, tuple[Resource, ...]] = OrderedDict()

    async def kept(self, context: Context, look: Look) -> Mapping[str, frozenset[str]]:
        """The addresses of those pictures, by approved capture; none where that cannot be known."""
        if context.baseline is None or look.rendering is None:
            return {}
        if len(look.rendering.resources) >= RESOURCES:
            return {}  # one that was given in another way may be among those that are not listed
        now = _pictures(look)
        try:
            looks = {of.capture: await self._loaded(of.capture) for of in context.baseline.looks}
        except DefacewatchError as error:
            log.warning("pictures of an approved look not read", page=context.page.id, error=str(error))
            return {}
        return {capture: same_pictures(before, now) for capture, before in looks.items()}

    async def _loaded(self, capture: str) -> tuple[Resource, ...]:
        found = self._approved.get(capture)
        if found is None:
            found = _pictures(await self._kept.look(await self._kept.capture(capture)))
            self._approved[capture] = found
            while len(self._approved) > KEPT:
                self._approved.popitem(last=False)
        return found


def _pictures(look: Look) -> tuple[Resource, ...]:
    resources = () if look.rendering is None else look.rendering.resources
    return tuple(resource for resource in resources if resource.kind == "image")
