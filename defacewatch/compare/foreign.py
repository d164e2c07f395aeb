"""Signals about others on the page: foreign hosts, hidden links, redirects, code that serves attacks."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from defacewatch.compare import arrivals, domains, phrases
from defacewatch.compare.arrivals import Circle
from defacewatch.compare.differences import Facts
from defacewatch.compare.sketch import hash64
from defacewatch.compare.weights import weights
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import DEFACED_AT

SHOWN = 5  # hosts that a sentence lists
FILES = 3  # script files that it lists
PARTS = 50  # of one identity
CLIP = 160  # characters of an address that go into evidence
REBUILT = 0.45  # share of the steady structure that is gone: a page built anew has new suppliers too
CROWD = 12  # owners of scripts on a page to which another comes every few weeks
COMPANIONS = 2  # well-known services that come with a new loader,
COMPANY = 4  # … on a page that takes scripts from so many owners already, itself among them
HARD = frozenset(("address", "risky", "anybody"))  # standings that nothing about a page explains
FARM_LINKS = 5  # hidden links to several hosts that are no accident
FARM_LINKS_TO_ONE = 3

_HOST_KINDS = {"script": Kind.SCRIPT_HOST, "frame": Kind.FRAME_HOST, "form": Kind.FORM_HOST}


def foreign_signals(facts: Facts) -> Iterator[Signal]:
    """The signals of what others have put on the page."""
    yield from hidden_signals(facts)
    yield from redirect_signals(facts)
    for role, kind in _HOST_KINDS.items():
        hosts = facts.hosts.get(role, frozenset())
        yield from host_signals(kind, hosts, facts.circle, most=_most(kind, hosts, facts))
    yield from _packed(facts)
    yield from _altered(facts)


def _most(kind: Kind, hosts: Iterable[str], facts: Facts) -> float | None:
    """What new hosts can weigh at most on this page, where new ones are usual. Anybody can bring well-known
    services along, so these excuse another only where there is company already."""
    table = weights().points[kind]
    circle = facts.circle
    most: float | None = None
    if facts.rebuilt >= REBUILT:
        most = table["rebuilt"]
    elif "crowded" in table and (
        circle.suppliers >= CROWD or (circle.companions >= COMPANIONS and circle.suppliers >= COMPANY)
    ):
        most = table["crowded"]
    # A page that has lost its structure is judged by that: it may have moved to somebody's hosting.
    hard = {"address"} if facts.rebuilt >= REBUILT else HARD
    if most is not None and any(circle.standing(host) in hard for host in hosts):
        return max(most, DEFACED_AT)
    return most


def host_signals(
    kind: Kind, hosts: Iterable[str], circle: Circle | None = None, *, most: float | None = None
) -> Iterator[Signal]:
    """One signal for the new `hosts` of a kind: the worst host's points and `more` for each further one
    (kinds without `more` add them all up), at most `most`."""
    table = weights().points[kind]
    circle = circle or Circle()
    found = sorted((-table.get(_standing(host, circle, table), table["unknown"]), host) for host in hosts)
    if not found:
        return
    worst, *further = [-minus for minus, _ in found]
    total = worst + sum(min(table.get("more", other), other) for other in further)
    total = total if most is None else min(total, most)
    names = [host for _, host in found]
    points = weights().bounded(kind, total)
    yield Signal(kind, points, f"{kind.value}={owners(names)}", {"hosts": names[:SHOWN]})


def _standing(host: str, circle: Circle, table: Mapping[str, float]) -> str:
    """What `host` counts as in `table`. Public bodies' sites get broken into as well: those that the page has
    nothing to do with count by their suffix, where the table knows it."""
    standing = circle.standing(host)
    if standing != "official" or domains.registrable(host) in circle.friends:
        return standing
    suffix = next((name for name in ("edu", "gov") if name in host.split(".")[-2:]), "")
    return suffix if suffix in table else standing


def hidden_signals(facts: Facts) -> Iterator[Signal]:
    """Hidden links: by how many there are and whose names they lead to. Public bodies' own sites count where
    the hidden text is spam, since those that were broken into link to one another."""
    spam = any(phrase.family == "spam" and phrase.place == "hidden" for phrase in facts.phrases)
    table = weights().points[Kind.HIDDEN_LINKS]
    counted: dict[str, list[str]] = {}
    for href, _ in facts.hidden_links:
        host = arrivals.link_host(href)
        standing = facts.circle.standing(host) if host else ""
        if standing in ("unknown", "anybody", "risky", "address") or (standing == "official" and spam):
            counted.setdefault(domains.registrable(host), []).append(host)
    if not counted:
        return
    hosts = [names[0] for _, names in sorted(counted.items())]
    count = sum(map(len, counted.values()))
    first = max(_of_link(host, facts.circle) for host in hosts)
    total = first + table["more"] * (len(hosts) - 1) + table["link"] * (count - len(hosts))
    if count >= FARM_LINKS or max(map(len, counted.values())) >= FARM_LINKS_TO_ONE:
        total = max(total, table["farm"])
    if facts.rebuilt >= REBUILT and not spam:
        total = min(total, table["rebuilt"])
    points = weights().bounded(Kind.HIDDEN_LINKS, total)
    evidence = {"count": count, "hosts": hosts[:SHOWN]}
    yield Signal(Kind.HIDDEN_LINKS, points, f"hidden-links={parts(counted)}", evidence)


def _of_link(host: str, circle: Circle) -> float:
    table = weights().points[Kind.HIDDEN_LINKS]
    if phrases.spam_host(host):
        return table["risky"]
    return table.get(circle.standing(host), table["unknown"])


def redirect_signals(facts: Facts) -> Iterator[Signal]:
    """The worst redirect to another organisation: followed, asked for by the markup, or by a script."""
    table = weights().points[Kind.OFFSITE_REDIRECT]
    found: list[tuple[float, str]] = []
    if facts.moved_to is not None:
        standing = domains.standing(facts.moved_to, facts.circle.own - {facts.moved_to})
        found.append((table.get(standing, table["unknown"]), facts.moved_to))
    for role in ("refresh", "sent", "jump"):
        for host in facts.hosts.get(role, ()):
            by_host = table.get(facts.circle.standing(host), table["unknown"])
            found.append((min(table[role], by_host), host))
    if found:
        points, host = max(found)
        points = weights().bounded(Kind.OFFSITE_REDIRECT, points)
        identity = f"offsite-redirect:{domains.registrable(host)}"
        yield Signal(Kind.OFFSITE_REDIRECT, points, identity, {"host": host})


def _packed(facts: Facts) -> Iterator[Signal]:
    if not facts.packed_scripts:
        return
    table = weights().points[Kind.PACKED_SCRIPT]
    points = table["another" if facts.had_packed_scripts else "first"]
    if facts.rebuilt >= REBUILT:
        points = min(points, table["rebuilt"])
    identity = f"packed-script={parts(facts.packed_scripts)}"
    yield Signal(Kind.PACKED_SCRIPT, points, identity, {"count": len(facts.packed_scripts)})


def _altered(facts: Facts) -> Iterator[Signal]:
    """New code, in the page or in files: what it does by itself, and whom it reaches."""
    kind = Kind.ALTERED_SCRIPT
    table = weights().points[kind]
    most = table["rebuilt"] if facts.rebuilt >= REBUILT else None
    if facts.new_code:
        points = max(table.get(new.does, 0.0) for new in facts.new_code)
        points += table["more"] * (len({new.does for new in facts.new_code}) - 1)
        named = {f"{new.does} {hash64(new.url):016x} {new.hash}" for new in facts.new_code}
        evidence = {
            "does": sorted({new.does for new in facts.new_code}),
            "url": sorted({new.url[:CLIP] or "in-page" for new in facts.new_code})[:FILES],
        }
        points = weights().bounded(kind, points if most is None else min(points, most))
        yield Signal(kind, points, f"altered-script={parts(named)}", evidence)
    reached = facts.hosts.get("reach", frozenset())
    for signal in host_signals(kind, reached, facts.circle, most=_most(kind, reached, facts)):
        identity = f"altered-script.reaches={owners(reached)}"
        # which script names them is not kept
        reaches = {"does": ["reaches"], "url": ["in-scripts"], **dict(signal.evidence)}
        yield Signal(kind, signal.points, identity, reaches)


def owners(hosts: Iterable[str]) -> str:
    """The parts of an identity that names `hosts`: by who registered them, since whoever made up one host
    name under a domain makes up another for every visitor. An address that has no host stays as it is."""
    return parts({host if "/" in host else domains.registrable(host) for host in hosts})


def parts(names: Iterable[str]) -> str:
    """The parts of an identity. Those beyond `PARTS` are one part together, or what is muted with them would
    cover others that nobody has seen."""
    every = sorted(names)
    if len(every) <= PARTS:
        return "|".join(every)
    rest = sha256("|".join(every[PARTS:]).encode("utf-8", "surrogatepass")).hexdigest()
    return "|".join([*every[:PARTS], f"and {rest[:16]}"])
