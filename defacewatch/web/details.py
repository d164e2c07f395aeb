"""What a capture tells of how it came about: requests, redirects, addresses, headers, certificate; beside
what the approved one told. All of it is text that the watched site chose, and is bounded."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from defacewatch.captures import Capture

REQUESTS = 120  # shown; those to new hosts first
HEADERS = 60
OTHERS = 40  # of anything else
PASSING = frozenset({"date", "age", "expires", "etag", "last-modified", "set-cookie", "content-length"})


@dataclass(frozen=True)
class Request:
    """One request of the page. `fresh`: the approved page asks nothing of that host."""

    url: str
    kind: str
    status: int | None
    fresh: bool


@dataclass(frozen=True)
class Details:
    """Hops are (address, status, where to); `headers` (name, value, whether it is another than before);
    `refusals` (address, why); `hosts` the new ones with how often they were asked."""

    requests: tuple[Request, ...] = ()
    asked: int = 0
    hosts: tuple[tuple[str, int], ...] = ()
    gone: tuple[str, ...] = ()
    hops: tuple[tuple[str, int, str], ...] = ()
    headers: tuple[tuple[str, str, bool], ...] = ()
    addresses: tuple[str, ...] = ()
    addresses_before: tuple[str, ...] = ()
    tls: tuple[str, str, str] | None = None
    refusals: tuple[tuple[str, str], ...] = ()
    dialogs: tuple[str, ...] = ()
    popups: tuple[str, ...] = ()
    downloads: int = 0
    page_errors: int = 0
    page_errors_before: int | None = None


def details_of(capture: Capture, before: Capture | None) -> Details:
    """What is to be shown of `capture`; what was the same in `before` is not called new."""
    now, then = capture.details, before.details if before else {}
    resources = _dicts(now, "resources")
    known = {_host(_word(some, "url")) for some in _dicts(then, "resources")}
    requests = [
        Request(
            _word(some, "url"),
            _word(some, "kind"),
            _number(some, "status"),
            before is not None and bool(host := _host(_word(some, "url"))) and host not in known,
        )
        for some in resources
    ]
    requests.sort(key=lambda request: not request.fresh)
    fresh = Counter(_host(request.url) for request in requests if request.fresh)
    hosts = {_host(_word(some, "url")) for some in resources}
    headers, old = _mapping(now, "headers"), _mapping(then, "headers")
    tls = _mapping(now, "tls")
    return Details(
        requests=tuple(requests[:REQUESTS]),
        asked=len(requests),
        hosts=tuple(fresh.most_common(OTHERS)),
        gone=tuple(sorted(known - hosts - {""})[:OTHERS]),
        hops=tuple(
            (_word(hop, "url"), _number(hop, "status") or 0, _word(hop, "location"))
            for hop in _dicts(now, "hops")[:OTHERS]
        ),
        headers=tuple(
            (name, str(value), before is not None and _is_other(name, value, old))
            for name, value in list(headers.items())[:HEADERS]
        ),
        addresses=_words(now, "addresses"),
        addresses_before=_words(then, "addresses"),
        tls=(_word(tls, "problem"), _word(tls, "detail"), _word(tls, "fingerprint")) if tls else None,
        refusals=tuple(
            (_word(some, "url"), _word(some, "reason")) for some in _dicts(now, "refusals")[:OTHERS]
        ),
        dialogs=_words(now, "dialogs"),
        popups=_words(now, "popups"),
        downloads=_count(now, "downloads") or 0,
        page_errors=_count(now, "page_errors") or 0,
        page_errors_before=_count(then, "page_errors"),
    )


def _is_other(name: str, value: object, old: Mapping[str, object]) -> bool:
    """Whether a header was not there before, or said something else, but for those that always do."""
    return name not in old or (old[name] != value and name.lower() not in PASSING)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _mapping(details: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = details.get(name)
    return found if isinstance(found, dict) else {}


def _dicts(details: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    found = details.get(name)
    return [some for some in found if isinstance(some, dict)] if isinstance(found, list) else []


def _words(details: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = details.get(name)
    return tuple(str(some) for some in found[:OTHERS]) if isinstance(found, list) else ()


def _word(details: Mapping[str, object], name: str) -> str:
    found = details.get(name)
    return "" if found is None else str(found)


def _count(details: Mapping[str, object], name: str) -> int | None:
    """How often something happened; None where that is no such number."""
    found = _number(details, name)
    return found if found is not None and not isinstance(found, bool) and found >= 0 else None


def _number(details: Mapping[str, object], name: str) -> int | None:
    found = details.get(name)
    return found if isinstance(found, int) else None
