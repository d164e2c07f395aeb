"""Signals that the page is not being served: failures, status codes, certificates, pages that say so."""

from collections.abc import Iterator
from dataclasses import replace

from defacewatch import reasons
from defacewatch.captures import Failure, Look, Probe, TlsProblem
from defacewatch.compare.differences import Facts
from defacewatch.compare.foreign import CLIP
from defacewatch.compare.standins import LOST, is_empty, is_error_page, is_error_status, stand_in
from defacewatch.compare.weights import weights
from defacewatch.features import Document, Features
from defacewatch.signals import Kind, Signal

_CODE = ("script", "frame", "reach")


def is_shown(look: Look, before: Features | None, after: Features | None) -> bool:
    """Whether the browser was given a page that can be judged, whatever plain HTTP met at the same time."""
    rendering = look.rendering
    if rendering is None or rendering.failure is not None or after is None or after.shown is None:
        return False
    if before is not None and before.shown is None:
        return False
    if rendering.status is None:
        return not is_empty(after.shown)
    return not is_error_status(rendering.status, before.shown if before is not None else None)


def turned_away(look: Look, before: Features | None, after: Document) -> str | None:
    """Why plain HTTP was not given the page, where the browser was; None if it was."""
    probe, approved = look.probe, before.served if before is not None else None
    if probe.failure is not None:
        return _told(probe.failure, probe.detail)
    if is_error_status(probe.status, approved):
        return reasons.STATUS.format(status=probe.status)
    if approved is None:
        return None
    said = next(wording_signals(approved, after), None)
    return None if said is None else str(said.evidence["phrase"] or said.kind.value)


def not_served(reason: str | None) -> Iterator[Signal]:
    """The note that plain HTTP was turned away."""
    if reason is not None:
        yield Signal(Kind.NOT_SERVED, 0.0, "not-served", {"detail": reason[:CLIP]})


def fetch_signals(
    look: Look, before: Features | None, after: Features | None, *, shown: bool
) -> Iterator[Signal]:
    """What fetching itself says. Outages add no points: they are no difference, and nothing to mute.

    What plain HTTP met is no outage where the page is `shown` by the browser: that is what visitors get. And
    a browser that fails on a page that was served hides nothing: what was served can be judged.
    """
    probe, rendering = look.probe, look.rendering
    yield from _tls(probe, before)
    if rendering is not None and rendering.failure is Failure.BROWSER:
        yield Signal(Kind.BROWSER_FAILED, 0.0, "browser-failed", {"detail": rendering.detail[:CLIP]})
    if probe.truncated:
        yield Signal(Kind.TRUNCATED, 0.0, "truncated", {})
    if shown:
        return
    if probe.failure is not None:
        if probe.failure is not Failure.TLS or probe.tls is None:
            said = _told(probe.failure, probe.detail)[:CLIP]
            yield Signal(Kind.FETCH_FAILED, 0.0, f"fetch-failed:{probe.failure.value}", {"detail": said})
    elif rendering is not None and rendering.failure not in (None, Failure.BROWSER):
        said = _told(rendering.failure, rendering.detail)[:CLIP]
        yield Signal(Kind.NOT_SHOWN, 0.0, f"not-shown:{rendering.failure.value}", {"detail": said})
    yield from _status(look, before, after)


def _told(failure: Failure, detail: str) -> str:
    return f"{failure.value}: {detail}" if detail else failure.value


def _tls(probe: Probe, before: Features | None) -> Iterator[Signal]:
    """A certificate problem is an outage, unless the approved baseline has the same one of the same leaf:
    a broken chain that somebody looked at and approved is a note."""
    tls = probe.tls
    if tls is None:
        return
    if tls.problem is TlsProblem.EXPIRES_SOON:
        day = tls.not_after.strftime("%d/%m/%Y") if tls.not_after else tls.detail
        yield Signal(Kind.TLS_EXPIRES_SOON, 0.0, "tls-expires-soon", {"not_after": day})
        return
    known = f"{tls.problem.value} {tls.fingerprint}" if tls.fingerprint else None
    if known is not None and before is not None and before.tls == known:
        yield Signal(Kind.TLS_KNOWN, 0.0, f"tls-known:{known}", {"detail": tls.detail[:CLIP]})
        return
    evidence = {"detail": tls.detail[:CLIP], "fingerprint": tls.fingerprint or "?"}
    yield Signal(Kind.TLS, 0.0, f"tls:{tls.problem.value}", evidence)


def _status(look: Look, before: Features | None, after: Features | None) -> Iterator[Signal]:
    """The status code that makes the page an error page, unless it was approved with it.

    What the browser was given counts before what plain HTTP was: some walls refuse only the latter.
    """
    rendering, status = look.rendering, look.probe.status
    approved = before.served if before is not None else None
    found = after.served if after is not None else None
    if rendering is not None and rendering.failure is None and rendering.status is not None:
        status = rendering.status
        approved = before.shown if before is not None else None
        found = after.shown if after is not None else None
    if not is_error_status(status, approved):
        return
    hides = approved is None or found is None or is_error_page(approved, found)
    kind = Kind.HTTP_ERROR if hides else Kind.SERVED_AS_ERROR
    yield Signal(kind, 0.0, f"{kind.value}:{status}", {"status": status})


def wording_signals(before: Document | None, after: Document) -> Iterator[Signal]:
    """In place of the page, one that says it is under maintenance, an error page, a bot wall, or vacant."""
    found = stand_in(before, after)
    if found is not None:
        points = weights().points[Kind.VACANT]["new"] if found.kind is Kind.VACANT else 0.0
        yield Signal(found.kind, points, found.kind.value, {"phrase": found.phrase[:CLIP]})


def beside_stand_in(facts: Facts) -> Facts:
    """`facts` about a page that an error page, a bot wall or a parked page stands in for. The code that it
    runs and where a parked name leads say nothing: walls pack theirs, parked pages are full of others'."""
    if facts.identity < LOST:
        return facts
    hosts = {role: names for role, names in facts.hosts.items() if role not in _CODE}
    return replace(facts, hosts=hosts, packed_scripts=frozenset(), new_code=frozenset(), moved_to=None)
