"""portals.yaml: the portals with their contacts and pages."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from defacewatch.config.documents import Document, Problem
from defacewatch.config.fields import (
    Email,
    Flag,
    Key,
    ProbeEvery,
    RenderEvery,
    Section,
    Tag,
    Text,
    Told,
    Url,
    whole,
)
from defacewatch.config.problems import validate
from defacewatch.errors import UsageError
from defacewatch.portals import Contact, Page, Portal, Source, Urgency, canonical_url, page_id


class ContactEntry(Section):
    name: Text
    phone: Text | None = None
    email: Email | None = None


class PageEntry(Section):
    url: Url
    probe_every: ProbeEvery | None = None
    render_every: RenderEvery | None = None


class PortalEntry(Section):
    key: Key
    name: Text
    owner: Text | None = None
    operator: Text | None = None
    level: Annotated[int, whole(1, 5)] | None = None
    critical: Flag = False
    changed_urgency: Told = Urgency.NORMAL
    defaced_urgency: Told = Urgency.HIGH
    tags: Annotated[tuple[Tag, ...], Field(max_length=20)] = ()
    contacts: tuple[ContactEntry, ...] = ()
    pages: Annotated[tuple[PageEntry, ...], Field(min_length=1)]

    def portal(self, source: Source) -> Portal:
        return Portal(
            key=self.key,
            name=self.name,
            owner=self.owner,
            operator=self.operator,
            level=self.level,
            critical=self.critical,
            contacts=tuple(Contact(c.name, c.phone, c.email) for c in self.contacts),
            pages=tuple(
                Page(page_id(self.key, p.url), self.key, p.url, p.probe_every, p.render_every)
                for p in self.pages
            ),
            changed_urgency=self.changed_urgency,
            defaced_urgency=self.defaced_urgency,
            tags=tuple(sorted(set(self.tags))),
            source=source,
        )


class Registry(Section):
    """The whole of portals.yaml."""

    portals: tuple[PortalEntry, ...] = ()


def portals_in(document: Document, source: Source) -> tuple[tuple[Portal, ...], list[Problem]]:
    """The portals of a document (none when it is not valid), and all its problems."""
    registry, problems = validate(document, Registry)
    if not document.unreadable and ("portals",) not in document.lines:
        problems.append(document.problem((), "portals: is missing; expected the list of portals to watch"))
    problems += document.repeated("key", "portals") + list(_repeated_pages(document))
    if registry is None or problems:
        return (), problems
    return tuple(entry.portal(source) for entry in registry.portals), problems


def places_in(document: Document) -> dict[str, str]:
    """Where each portal of a document stands, by key: 'config/portals.yaml:12'."""
    return {
        str(item["key"]): f"{document.file}:{document.lines.get((*where, 'key'), 1)}"
        for where, item in document.items("portals")
        if isinstance(item, dict) and "key" in item
    }


def _repeated_pages(document: Document) -> Iterator[Problem]:
    """A page that is registered twice would be watched, and told of, twice."""
    seen: dict[str, int] = {}
    for portal, _ in document.items("portals"):
        for where, page in document.items(*portal, "pages"):
            try:
                url = canonical_url(str(page["url"])) if isinstance(page, dict) and "url" in page else None
            except (UsageError, ValueError):
                continue
            if url in seen:
                text = f"page {url} is on line {seen[url]} already; expected once"
                yield document.problem((*where, "url"), text)
            elif url is not None:
                seen[url] = document.lines.get((*where, "url"), 1)
