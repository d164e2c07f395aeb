"""One capture beside the baseline that it would replace: judged, proposed, approved, turned down.

The page carries a mark that says to whom, when and beside which baseline it showed which capture. Nothing is
approved or proposed without it: what somebody has not been shown, they cannot approve.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import structlog
from aiohttp import hdrs, web

from defacewatch.accounts import Account
from defacewatch.approving import check_people, in_the_way, is_stranger, proposed_by_stranger, who_can
from defacewatch.baselines import Approval, Hurdle
from defacewatch.captures import Capture
from defacewatch.errors import Conflict, UsageError
from defacewatch.language import N_
from defacewatch.portals import Portal
from defacewatch.rostering import names
from defacewatch.signing import signature
from defacewatch.store.proposals import NEWER
from defacewatch.store.reviews import Review
from defacewatch.verdicts import VerdictKind
from defacewatch.web.access import same
from defacewatch.web.console import Actor, Console, acting, console_of, csrf_field, words_of
from defacewatch.web.details import details_of
from defacewatch.web.explanations import explanation
from defacewatch.web.forms import texts_of
from defacewatch.web.incident import FULL_POINTS, may_approve
from defacewatch.web.judging import Judgement, judged
from defacewatch.web.visitors import actor_of, console_via, owner_of

LASTS = timedelta(hours=2)  # that a page may have been open before its form is sent
CAPTURE = r"\d{8}-[0-9a-f]{10}"
MOST = 60  # captures that are gone through one after the other
WHY = 500  # characters of a reason
NOT_SHOWN = N_(
    "Look at the capture on this page first, then approve: the page was open for too long, or not opened."
)
CONFIRM = N_("There is evidence of attack: say that you have looked at it.")
HURDLES: Mapping[Hurdle, str] = {
    Hurdle.NOT_PROPOSED: N_(
        "This portal is critical: one person has to propose the capture, and another to approve it."
    ),
    Hurdle.OWN_PROPOSAL: N_(
        "This portal is critical, and you have proposed this capture yourself:"
        " another person has to approve it."
    ),
    Hurdle.NO_OFFICER: N_(
        "This portal is critical: only people of the roster may propose or approve,"
        " and your account names none. An administrator can change that."
    ),
}

log = structlog.get_logger(__name__)


async def show(request: web.Request) -> web.Response:
    return await shown_review(request)


async def shown_review(request: web.Request, *, problem: str | None = None) -> web.Response:
    """The page of a capture; with what is in the way (`problem`, not translated) of what was tried."""
    console, words, actor = console_of(request), words_of(request), acting(request)
    review = await console.store.reviews.of(request.match_info["capture"])
    capture, roster = review.capture, console.roster()
    before = None if review.stands else review.before
    judgement = await judged(console, review)
    verdict = judgement.verdict
    signals = sorted(verdict.signals if verdict else (), key=lambda signal: -signal.points)
    given = await texts_of(request) if request.method == "POST" else dict(request.query)
    row = _Row.of(given, capture.id)
    may = await _may(request, review, actor)
    return console.renderer.page(
        "review.html",
        words,
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        problem=words._(problem) if problem and not (problem == NEWER and review.newer) else None,
        review=review,
        before=None if before is None else before.screenshot,
        attack=not review.stands and is_attack(review, judgement),
        judgement=judgement,
        signals=[(signal, explanation(signal.kind, words.language)) for signal in signals],
        forgotten=[(signal, explanation(signal.kind, words.language)) for signal in judgement.forgotten],
        score=verdict.score if verdict else 0.0,
        full=FULL_POINTS,
        details=details_of(capture, before),
        shows_incident=review.incident is not None and review.incident.capture == capture.id,
        person=lambda key: names(roster, [key]),
        actor=actor,
        csrf=csrf_field(request),
        carried=_carried(request, review, row) if actor else (),
        why=row.why,
        also=request.method == "POST" and given.get("also") == "1",
        incident=row.incident,
        position=row.position,
        next=row.address(done=row.done) if row.rest else None,
        **may,
    )


async def approve(request: web.Request) -> web.Response:
    """Approve the capture that was shown, and no other."""
    console, fields = console_of(request), await texts_of(request)
    actor, capture = _actor(request), request.match_info["capture"]
    review = await console.store.reviews.of(capture)
    try:
        against = _shown(request, fields, capture)
        if is_stranger(actor.key, console.roster(), review.portal):
            raise Conflict(HURDLES[Hurdle.NO_OFFICER])
        await approved(
            console,
            review,
            by=actor.key,
            reason=_reason(fields),
            attack=fields.get("attack") == "1",
            also=fields.get("also") == "1",
            via=console_via(request),
            against=against,
        )
    except (Conflict, UsageError) as problem:
        return await _refused(request, problem)
    return _onwards(request, fields, done=1)


async def propose(request: web.Request) -> web.Response:
    """Propose the capture that was shown, so that somebody else can approve it."""
    console, fields = console_of(request), await texts_of(request)
    actor, capture = _actor(request), request.match_info["capture"]
    review = await console.store.reviews.of(capture)
    try:
        _shown(request, fields, capture)
        await proposed(console, review, by=actor.key, via=console_via(request))
    except (Conflict, UsageError) as problem:
        return await _refused(request, problem)
    log.info("proposed", capture=capture, by=actor.key)
    return _see(f"/baselines/{capture}")


async def approved(
    console: Console,
    review: Review,
    *,
    by: str,
    reason: str,
    attack: bool,
    also: bool,
    via: str,
    against: int,
) -> Approval:
    """Approve a capture that somebody has seen beside the baseline `against`; `attack`: they have looked at
    the evidence of attack. Raises Conflict where a rule forbids it, or something has changed since."""
    check_people(by, review.capture, console.roster(), review.portal)
    if is_attack(review, await judged(console, review)) and not attack:
        raise Conflict(CONFIRM)
    return await console.store.baselines.approve(
        review.capture.id, by=by, reason=reason, also=also, now=console.clock(), via=via, against=against
    )


async def proposed(console: Console, review: Review, *, by: str, via: str) -> Capture:
    """Propose a capture that somebody has seen. Raises Conflict where a newer one waits, or the portal is
    critical and they are no officer of the roster."""
    if is_stranger(by, console.roster(), review.portal):
        raise Conflict(HURDLES[Hurdle.NO_OFFICER])
    if review.newer is not None:
        raise Conflict(NEWER)
    return await console.store.baselines.propose(
        review.capture.id, by=by, now=console.clock(), via=via, roster=console.roster()
    )


async def decline(request: web.Request) -> web.Response:
    """Turn the proposal down."""
    console, fields = console_of(request), await texts_of(request)
    capture, actor = request.match_info["capture"], _actor(request)
    try:
        await console.store.baselines.decline(
            capture, by=actor.key, reason=_reason(fields), now=console.clock(), via=console_via(request)
        )
    except (Conflict, UsageError) as problem:
        return await _refused(request, problem)
    return _onwards(request, fields, done=0)


async def back(request: web.Request) -> web.Response:
    """Whoever comes to the address of an action by a link or a reload: the capture."""
    return _see(f"/baselines/{request.match_info['capture']}")


def is_attack(review: Review, judgement: Judgement) -> bool:
    """Whether there is evidence of attack in a capture: by itself, or against the baseline."""
    shown = review.incident is not None and review.incident.capture == review.capture.id
    defaced = shown and review.incident is not None and review.incident.verdict is VerdictKind.DEFACED
    return review.capture.attack or defaced or judgement.attack


class _Row:
    """What somebody goes through one after the other: what is left of it, how many were approved, the reason
    that was given last; or the incident, or the first steps (`tour`), that they come from."""

    def __init__(
        self, rest: Sequence[str], all_: int, done: int, why: str, incident: int | None, *, tour: bool = False
    ) -> None:
        self.rest, self.all, self.done, self.why, self.incident = tuple(rest), all_, done, why, incident
        self.tour = tour

    @classmethod
    def of(cls, given: Mapping[str, str], capture: str) -> "_Row":
        rest = [c for c in re.findall(CAPTURE, given.get("rest", "")) if c != capture]
        rest = list(dict.fromkeys(rest))[:MOST]
        all_ = _number(given, "all") if "all" in given else None
        from_ = _number(given, "incident") or None
        why, tour = given.get("why", "").strip()[:WHY], given.get("then") == "tour"
        return cls(rest, all_ or 0, _number(given, "done"), why, from_, tour=tour)

    @property
    def position(self) -> tuple[int, int] | None:
        """Which one of how many this is; None where it stands alone."""
        return (self.all - len(self.rest), self.all) if self.all > len(self.rest) else None

    def address(self, *, done: int) -> str:
        """Where it goes on."""
        if not self.rest and self.tour:
            return "/tour"
        if not self.rest:
            alone = f"/incidents/{self.incident}" if self.incident else f"/baselines?done={done}"
            return alone if self.incident or done else "/baselines"
        left: dict[str, object] = {"rest": ",".join(self.rest[1:]), "all": self.all, "done": done}
        return f"/baselines/{self.rest[0]}?" + urlencode(left | ({"why": self.why} if self.why else {}))

    def fields(self) -> list[tuple[str, str]]:
        found = [("rest", ",".join(self.rest)), ("all", str(self.all or "")), ("done", str(self.done or ""))]
        found += [("incident", str(self.incident or "")), ("then", "tour" if self.tour else "")]
        return [(name, value) for name, value in found if value]


def row_address(captures: Sequence[str]) -> str:
    """Where going through these captures begins."""
    return _Row(captures[:MOST], len(captures[:MOST]), 0, "", None).address(done=0)


async def _may(request: web.Request, review: Review, actor: Actor | None) -> dict[str, object]:
    """What whoever asks can do, what is in their way, and who else can."""
    console, words, approves = console_of(request), words_of(request), may_approve(request)
    roster, portal, capture = console.roster(), review.portal, review.capture
    used = await proposed_with(console, review, actor)
    found = None if actor is None else hurdle_of(request, review, actor, used)
    due = not review.newer and not review.stands
    stranger = actor is None or is_stranger(actor.key, roster, portal)
    waits = review.waiting and not proposed_by_stranger(capture, roster, portal)
    if actor is not None and not waits:
        capture = replace(capture, proposed_by=actor.key)  # as it would be
    others = await approvers(console, portal, capture, used)
    return {
        "approves": approves,
        "hurdle": words._(HURDLES[found]) if found is not None and due else None,
        "who": [account.display for account in others],
        "can_approve": approves and found is None and due,
        "can_propose": not stranger and due and not waits and (portal.critical or not approves),
        "can_decline": approves and review.waiting,
    }


async def proposed_with(console: Console, review: Review, actor: Actor | None) -> frozenset[str]:
    """The accounts of whoever proposed a capture of a critical portal, whomever they are linked to by now;
    none for who may only look (`actor` None), as the whole log is read for it."""
    by = review.capture.proposed_by
    if actor is None or not review.waiting or not review.portal.critical or by is None:
        return frozenset()
    return await console.store.audit.accounts_of(by)


def hurdle_of(request: web.Request, review: Review, actor: Actor, used: Collection[str]) -> Hurdle | None:
    """What is in the way of whoever asks; `used` are the accounts of the proposal."""
    roster = console_of(request).roster()
    found = in_the_way(review.portal, review.capture, by=actor.key, waiting=review.waiting, roster=roster)
    return Hurdle.OWN_PROPOSAL if found is None and actor_of(request).who in used else found


async def approvers(
    console: Console, portal: Portal, capture: Capture, used: Collection[str]
) -> Sequence[Account]:
    """Who can approve a proposal that was made with the accounts `used`."""
    accounts, provider = await console.store.accounts.every(), console.provider
    bound = await console.store.identities.of(provider.trust.issuer) if provider is not None else {}
    others = [account for account in accounts if account.name not in used]
    return who_can(others, portal, capture, roster=console.roster(), bound=bound)


def _carried(request: web.Request, review: Review, row: _Row) -> list[tuple[str, str]]:
    """What the form sends back: the mark, and what is left to go through."""
    console = console_of(request)
    issued = int(console.clock().timestamp())
    mark = _mark(request, console, review.capture.id, review.version, issued)
    own = [("against", str(review.version)), ("issued", str(issued)), ("shown", mark)]
    return own + row.fields()


def _mark(request: web.Request, console: Console, capture: str, version: int, issued: int) -> str:
    return signature(console.secret_key, "review", capture, version, owner_of(request).id, issued)


def _shown(request: web.Request, fields: Mapping[str, str], capture: str) -> int:
    """The baseline beside which this account was shown a capture. Raises Conflict where it was not."""
    console = console_of(request)
    version, issued = _number(fields, "against"), _number(fields, "issued")
    age = console.clock().timestamp() - issued
    mark = _mark(request, console, capture, version, issued)
    if not same(fields.get("shown", ""), mark) or not -1 <= age <= LASTS.total_seconds():
        raise Conflict(NOT_SHOWN)
    return version


def _number(fields: Mapping[str, str], name: str) -> int:
    given = fields.get(name, "")
    return int(given) if re.fullmatch(r"\d{1,18}", given, re.ASCII) else 0


def _reason(fields: Mapping[str, str]) -> str:
    reason = " ".join(fields.get("why", "").split())[:WHY]
    if not reason:
        raise UsageError(N_("A reason is needed."))
    return reason


def _actor(request: web.Request) -> Actor:
    actor = acting(request)
    if actor is None:
        raise web.HTTPForbidden
    return actor


async def _refused(request: web.Request, problem: Conflict | UsageError) -> web.Response:
    log.info("a capture was not judged", capture=request.match_info["capture"], why=str(problem))
    return await shown_review(request, problem=str(problem))


def _onwards(request: web.Request, fields: Mapping[str, str], *, done: int) -> web.Response:
    console, capture = console_of(request), request.match_info["capture"]
    console.wake()
    row = _Row.of(fields, capture)
    return _see(row.address(done=row.done + done))


def _see(address: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: address})
