"""Signals that are evidence of attack: wording, hidden links, foreign scripts, redirects, dialogs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from defacewatch.captures import Phrase
from defacewatch.compare import domains
from defacewatch.compare.differences import Facts, offsite_hosts
from defacewatch.compare.sketch import hash64, simhash
from defacewatch.compare.weights import weights
from defacewatch.signals import Kind, Signal

SHOWN = 5  # phrases or hosts that a sentence lists
PARTS = 50  # of one identity
CLIP = 160  # characters of a page's text that go into evidence

_HOST_KINDS = {"script": Kind.SCRIPT_HOST, "frame": Kind.FRAME_HOST, "form": Kind.FORM_HOST}


def evidence_of(facts: Facts) -> Iterator[Signal]:
    """The signals of attack in `facts`."""
    yield from _deface(facts)
    yield from _spam(facts)
    yield from _hidden(facts)
    yield from _redirect(facts)
    for role, kind in _HOST_KINDS.items():
        yield from host_signals(kind, facts.hosts.get(role, ()))
    if facts.packed_scripts:
        points = weights().points[Kind.PACKED_SCRIPT]["another" if facts.had_packed_scripts else "first"]
        identity = f"packed-script={_parts(facts.packed_scripts)}"
        yield Signal(Kind.PACKED_SCRIPT, points, identity, {"count": len(facts.packed_scripts)})
    for dialog in sorted(facts.dialogs)[:3]:
        points = weights().points[Kind.DIALOG]["new"]
        yield Signal(Kind.DIALOG, points, f"dialog:{hash64(dialog):016x}", {"text": dialog[:CLIP]})


def _by_place(facts: Facts, family: str) -> Mapping[str, list[Phrase]]:
    """The phrases of a family by the place they stand in, those that say most first."""
    places: defaultdict[str, list[Phrase]] = defaultdict(list)
    for phrase in facts.phrases:
        if phrase.family == family:
            places[phrase.place].append(phrase)
    for phrases in places.values():
        phrases.sort(key=lambda phrase: (not phrase.strong, not phrase.bare, phrase.phrase))
    return places


def _points(kind: Kind, place: str, phrases: Iterable[Phrase]) -> float:
    """Points of wording in one place. Each phrase adds; wording inside longer texts only up to a limit."""
    table = weights().points[kind]
    said = reported = 0.0
    for phrase in phrases:
        points = table.get(place, 0.0) * (1.0 if phrase.strong else table["weak"])
        if phrase.bare:
            said += points
        else:
            reported += points * table.get(f"embedded-{place}", table["embedded"])
    if f"embedded-{place}" not in table:
        reported = min(reported, table["embedded-most"])
    return said + reported


def _deface(facts: Facts) -> Iterator[Signal]:
    for place, phrases in sorted(_by_place(facts, "deface").items()):
        points = weights().bounded(Kind.DEFACE_PHRASE, _points(Kind.DEFACE_PHRASE, place, phrases))
        shown = [phrase.phrase for phrase in phrases]
        yield Signal(
            Kind.DEFACE_PHRASE,
            points,
            f"deface-phrase.{place}={_parts(shown)}",
            {"place": place, "phrases": shown[:SHOWN]},
        )


def _spam(facts: Facts) -> Iterator[Signal]:
    places = _by_place(facts, "spam")
    if not places:
        return
    sums = {place: _points(Kind.SPAM_TERMS, place, phrases) for place, phrases in places.items()}
    order = sorted(sums, key=lambda place: (-sums[place], place))
    phrases = [phrase for place in order for phrase in places[place]]
    shown = list(dict.fromkeys(phrase.phrase for phrase in phrases))
    named = {domains.registrable(p.phrase) if p.place == "url" else p.phrase for p in phrases}
    points = weights().bounded(Kind.SPAM_TERMS, sum(sums.values()))
    yield Signal(Kind.SPAM_TERMS, points, f"spam-terms={_parts(named)}", {"phrases": shown[:SHOWN]})


def _hidden(facts: Facts) -> Iterator[Signal]:
    hosts = offsite_hosts(facts.hidden_links)
    if not hosts:
        return
    table = weights().points[Kind.HIDDEN_LINKS]
    points = weights().bounded(Kind.HIDDEN_LINKS, table["unknown"] + table["more"] * (len(hosts) - 1))
    identity = f"hidden-links~{simhash(map(hash64, map(domains.registrable, hosts))):016x}"
    evidence = {"count": len(facts.hidden_links), "hosts": hosts[:SHOWN]}
    yield Signal(Kind.HIDDEN_LINKS, points, identity, evidence)


def _redirect(facts: Facts) -> Iterator[Signal]:
    """The worst redirect to another organisation: followed, asked for by the markup, or by a script."""
    table = weights().points[Kind.OFFSITE_REDIRECT]
    found: list[tuple[float, str]] = []
    if facts.moved_to is not None:
        found.append((table.get(standing(facts.moved_to), table["unknown"]), facts.moved_to))
    for role in ("refresh", "jump"):
        for host in facts.hosts.get(role, ()):
            found.append((min(table[role], table.get(standing(host), table["unknown"])), host))
    if found:
        points, host = max(found)
        points = weights().bounded(Kind.OFFSITE_REDIRECT, points)
        identity = f"offsite-redirect:{domains.registrable(host)}"
        yield Signal(Kind.OFFSITE_REDIRECT, points, identity, {"host": host})


def host_signals(kind: Kind, hosts: Iterable[str]) -> Iterator[Signal]:
    """One signal for the new `hosts` of a kind: the worst host's points, and `more` for each further one
    (kinds without `more` add them all up)."""
    table = weights().points[kind]
    found = sorted((-table.get(standing(host), table["unknown"]), host) for host in hosts)
    if not found:
        return
    points = [-minus for minus, _ in found]
    worst, *further = points
    total = weights().bounded(kind, worst + sum(min(table.get("more", other), other) for other in further))
    names = [host for _, host in found]
    yield Signal(kind, total, f"{kind.value}={owners(names)}", {"hosts": names[:SHOWN]})


def standing(host: str) -> str:
    """What is known of a host: 'address', 'wellknown', 'official' or 'unknown'."""
    if domains.is_address(host):
        return "address"
    if domains.is_wellknown(host):
        return "wellknown"
    return "official" if domains.is_official(host) else "unknown"


def owners(hosts: Iterable[str]) -> str:
    """The parts of an identity that names `hosts`: by who registered them, since whoever made up one host
    name under a domain makes up another for every visitor. An address that has no host stays as it is."""
    return _parts({host if "/" in host else domains.registrable(host) for host in hosts})


def _parts(names: Iterable[str]) -> str:
    return "|".join(sorted(names)[:PARTS])
