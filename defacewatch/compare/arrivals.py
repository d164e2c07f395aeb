"""What has come to a page since it was approved, and whose it is: hosts, hidden links, code."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from defacewatch.compare import domains, scripts
from defacewatch.features import Document
from defacewatch.profiles import SEEN, Profile

_EMPTY: frozenset[str] = frozenset()


class NewCode(NamedTuple):
    """A script file ('' for scripts inside the page), the hash of its new code, and what that does."""

    url: str
    hash: str
    does: str


@dataclass(frozen=True)
class Circle:
    """Whom a page already has to do with, which tells what a host that is new on it means.

    `own` are its own host names, `friends` the owners that the approved page names in any place, `suppliers`
    how many owners it takes scripts from, `companions` how many well-known owners of scripts are new with
    this look.
    """

    own: frozenset[str] = frozenset()
    friends: frozenset[str] = frozenset()
    suppliers: int = 0
    companions: int = 0

    def joined(self, other: "Circle") -> "Circle":
        return Circle(
            self.own | other.own,
            self.friends | other.friends,
            max(self.suppliers, other.suppliers),
            max(self.companions, other.companions),
        )

    def standing(self, host: str) -> str:
        """What is known of `host` here: as in `domains.standing`, or 'acquainted' for the owner of something
        that the approved page already names."""
        known = domains.standing(host, self.own)
        if known not in ("wellknown", "official", "kin") and domains.registrable(host) in self.friends:
            return "acquainted"
        return known


def circle(before: Document, after: Document, hosts: Mapping[str, frozenset[str]]) -> Circle:
    """The circle of a page on which `hosts` are new, by role."""
    named = frozenset().union(*(before.hosts[role] for role in before.hosts if role != "refused"))
    new = {domains.registrable(host) for host in hosts.get("script", _EMPTY) if domains.is_wellknown(host)}
    return Circle(
        own=frozenset(host for host in (host_of(before), host_of(after)) if host),
        friends=_owners(named),
        suppliers=len(_owners(before.hosts.get("script", _EMPTY))),
        companions=len(new),
    )


def host_of(document: Document) -> str:
    """The host that a document came from, '' where there is none."""
    return domains.host_of(document.url[:2000], "") or ""


def _owners(hosts: Iterable[str]) -> frozenset[str]:
    return frozenset(domains.registrable(host) for host in hosts)


def new_hosts(before: Document, after: Document, profile: Profile) -> Mapping[str, frozenset[str]]:
    """Hosts by role whose owner was not there in that role, is not the page's, and is not known to move.

    Code may name whom the page names elsewhere, and send visitors where it links to.
    """
    own = _owners(host for host in (host_of(before), host_of(after)) if host)
    new: dict[str, frozenset[str]] = {}
    for role, hosts in after.hosts.items():
        known = own | _owners(before.hosts.get(role, _EMPTY))
        if role == "jump":
            known |= _owners(before.hosts.get("link", _EMPTY))
        elif role == "reach":
            known |= _owners(frozenset().union(*before.hosts.values()))
        found = frozenset(
            host
            for host in hosts
            if domains.registrable(host) not in known and not _moves(profile, f"{role} {host}")
        )
        if found:
            new[role] = found
    return new


def _moves(profile: Profile, host: str) -> bool:
    return bool(profile.moving(profile.hosts, (host,), 1.0))


def new_hidden(before: Document, after: Document, profile: Profile) -> tuple[tuple[str, str], ...]:
    """Hidden links to owners that the approved page does not link to.

    Of what the profile knows only hosts count that a person has seen linked: what a page shows when nobody
    looks on may be put there to be learned.
    """
    known = _owners(before.hosts.get("link", _EMPTY))
    known |= _owners(link_host(href) for href, _ in before.hidden_links)
    return tuple(
        (href, text)
        for href, text in after.hidden_links
        if domains.registrable(host := link_host(href)) not in known and f"{SEEN} {host}" not in profile.hosts
    )


def link_host(href: str) -> str:
    """The host that the address of a hidden link names."""
    return domains.host_of(href, "") or ""


def new_code(before: Document, after: Document) -> frozenset[NewCode]:
    """New code that does what the approved code of the same file, or of the page, did not do.

    A new file is held against all approved files; of one that the browser had not read when the page was
    approved nothing is said, nor of any when it had read none. That there is obfuscated code in the page,
    or a new file of it, is said by its hash elsewhere.
    """
    new = {
        NewCode("", code, does)
        for code in after.inline_scripts
        for does in after.doings.get(code, _EMPTY) - _done(before, before.inline_scripts)
        if does != scripts.OBFUSCATED
    }
    for url, code, old in _read_files(before, after):
        done = _done(before, before.scripts.values() if old is None else (old,))
        skipped = scripts.OBFUSCATED if old is None else None
        new |= {NewCode(url, code, does) for does in after.doings.get(code, _EMPTY) - done if does != skipped}
    return frozenset(new)


def _done(document: Document, hashes: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(document.doings.get(code, _EMPTY) for code in hashes))


def new_packed(before: Document, after: Document) -> frozenset[str]:
    """Obfuscated code that is new inside the page, in new files, or in files that held other such code."""
    files = {
        code
        for _, code, old in _read_files(before, after)
        if old is None or old in before.packed_scripts  # of others `new_code` says that they begin to hide it
    }
    return (after.inline_scripts | files) & after.packed_scripts - before.packed_scripts


def _read_files(before: Document, after: Document) -> Iterator[tuple[str, str, str | None]]:
    """The files of which something can be said: address, code, and the approved code (None in a new file)."""
    if not any(before.scripts.values()):
        return
    for url, code in after.scripts.items():
        old = before.scripts.get(url)
        if code and old != "":
            yield url, code, old
