"""Signals that the page is not being served: failures, status codes, certificates, pages that say so."""

from collections.abc import Iterator

from defacewatch.captures import Document, Failure, Features, Look, Phrase, Probe, TlsProblem
from defacewatch.compare.attack import CLIP
from defacewatch.compare.differences import new_phrases
from defacewatch.compare.identity import lost_share
from defacewatch.signals import Kind, Signal

SHORT = 2500  # characters: a page that only says that it is not there says no more
VERY_SHORT = 600  # … where no baseline tells what should be there
LOST = 0.55  # share of the identity that is gone from such a page
FIRST_ERROR = 400

_KINDS = {"maintenance": Kind.MAINTENANCE, "bot-wall": Kind.BOT_WALL, "error-page": Kind.ERROR_PAGE}


def is_shown(look: Look, before: Features | None, after: Features | None) -> bool:
    """Whether the browser was given a page that can be judged, whatever plain HTTP met at the same time."""
    rendering = look.rendering
    if rendering is None or rendering.failure is not None or after is None or after.shown is None:
        return False
    if before is not None and before.shown is None:
        return False
    if rendering.status is None:
        return not is_empty(after.shown)
    return not _is_error(rendering.status, before.shown if before is not None else None)


def turned_away(look: Look, before: Features | None, after: Document) -> str | None:
    """Why plain HTTP was not given the page, where the browser was; None if it was."""
    probe, approved = look.probe, before.served if before is not None else None
    if probe.failure is not None:
        return _told(probe.failure, probe.detail)
    if _is_error(probe.status, approved):
        return f"status {probe.status}"
    if approved is None:
        return None
    said = next(wording_signals(approved, after), None)
    return None if said is None else str(said.evidence["phrase"] or said.kind.value)


def not_served(reason: str | None) -> Iterator[Signal]:
    """The note that plain HTTP was turned away."""
    if reason is not None:
        yield Signal(Kind.NOT_SERVED, 0.0, "not-served", {"detail": reason[:CLIP]})


def fetch_signals(look: Look, before: Features | None, *, shown: bool) -> Iterator[Signal]:
    """What fetching itself says. Outages add no points: they are no difference, and nothing to mute.

    What plain HTTP met is no outage where the page is `shown` by the browser: that is what visitors get.
    """
    probe, rendering = look.probe, look.rendering
    yield from _tls(probe, before)
    failure, detail = probe.failure, probe.detail
    if rendering is not None and rendering.failure is Failure.BROWSER:
        yield Signal(Kind.BROWSER_FAILED, 0.0, "browser-failed", {"detail": rendering.detail[:CLIP]})
    elif rendering is not None and failure is None:
        failure, detail = rendering.failure, rendering.detail
    if probe.truncated:
        yield Signal(Kind.TRUNCATED, 0.0, "truncated", {})
    if shown:
        return
    if failure is not None and not (failure is Failure.TLS and probe.tls is not None):
        said = _told(failure, detail)[:CLIP]
        yield Signal(Kind.FETCH_FAILED, 0.0, f"fetch-failed:{failure.value}", {"detail": said})
    status = _bad_status(look, before)
    if status is not None:
        yield Signal(Kind.HTTP_ERROR, 0.0, f"http-error:{status}", {"status": status})


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


def _bad_status(look: Look, before: Features | None) -> int | None:
    """The status code that makes the page an error page, unless it was approved with it.

    What the browser was given counts before what plain HTTP was: some walls refuse only the latter.
    """
    rendering = look.rendering
    if rendering is not None and rendering.failure is None and rendering.status is not None:
        status: int | None = rendering.status
        approved = before.shown if before is not None else None
    else:
        status = look.probe.status
        approved = before.served if before is not None else None
    return status if _is_error(status, approved) else None


def _is_error(status: int | None, approved: Document | None) -> bool:
    if status is None or status < FIRST_ERROR:
        return False
    return approved is None or status != approved.status


def wording_signals(before: Document | None, after: Document) -> Iterator[Signal]:
    """A short page that says it is under maintenance, an error page or a bot wall, in place of the page."""
    if is_empty(after) and (before is None or not is_empty(before)):
        yield Signal(Kind.ERROR_PAGE, 0.0, "error-page", {"phrase": ""})
        return
    error = after.status is not None and after.status >= FIRST_ERROR
    if after.text_length > (SHORT if before is not None or error else VERY_SHORT):
        return
    if before is not None and not error and lost_share(before.identity, after.identity, ()) < LOST:
        return
    phrases = after.phrases if before is None else new_phrases(before, after)
    for family, kind in _KINDS.items():
        said = sorted(p.phrase for p in phrases if p.family == family and _says(p, sure=before is not None))
        if said:
            yield Signal(kind, 0.0, kind.value, {"phrase": said[0][:CLIP]})


def _says(phrase: Phrase, *, sure: bool) -> bool:
    """Whether wording is what the page says; `sure` that something else should be there."""
    return phrase.strong and (phrase.bare or (sure and phrase.place in ("title", "heading", "text")))


def is_empty(document: Document) -> bool:
    """Whether a document has nothing to show: no text, title or links, nothing that it loads."""
    return not (document.text_length or document.title or document.hosts or document.inline_scripts)
