"""`baseline`: see, propose and approve how pages look."""

import sys
from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.approving import check_people
from defacewatch.captures import Capture
from defacewatch.cli.common import (
    By,
    Json,
    Session,
    print_json,
    print_table,
    say,
    signatory,
    utc_now,
    via,
    with_session,
)
from defacewatch.errors import Conflict, UsageError

app = typer.Typer(help="Captures that a person approved as “this is how it looks”.", no_args_is_help=True)

FIRST = "first registration"


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """Captures that are proposed and wait for approval."""

    async def work(session: Session) -> list[Capture]:
        return await session.store.baselines.proposals()

    captures = with_session(context, work)
    if as_json:
        print_json(shapes.capture_line(capture) for capture in captures)
        return
    print_table(
        ("capture", "page", "taken", "proposed by", "title", "evidence of attack"),
        (
            (c.id, c.page, shapes.moment(c.at), c.proposed_by, c.title, "yes" if c.attack else "")
            for c in captures
        ),
    )


@app.command()
def show(context: typer.Context, page: str, as_json: Json = False) -> None:
    """The page's approved looks, and its latest captures."""

    async def work(session: Session) -> None:
        ((_, found),) = (await session.store.portals.find([page]))[:1]
        captures = await session.store.baselines.captures(found.id, limit=10)
        baseline = await session.store.baselines.get(found.id)
        approved = {look.capture for look in baseline.looks} if baseline else set()
        if as_json:
            print_json({**shapes.capture_line(c), "approved": c.id in approved} for c in captures)
            return
        say(f"{found.id}  {found.url}  baseline: {', '.join(sorted(approved)) or 'none yet'}")
        print_table(
            ("capture", "taken", "title", "status", "evidence of attack", "approved"),
            (
                (
                    c.id,
                    shapes.moment(c.at),
                    c.title,
                    c.status,
                    "yes" if c.attack else "",
                    "yes" if c.id in approved else "",
                )
                for c in captures
            ),
        )

    with_session(context, work)


@app.command()
def propose(context: typer.Context, capture: str, by: By = "") -> None:
    """Propose a capture, so that somebody else can approve it."""

    async def work(session: Session) -> Capture:
        name = await _signatory(session, await session.store.baselines.capture(capture), by)
        return await session.store.baselines.propose(
            capture, by=name, now=utc_now(), via=via(), roster=session.roster
        )

    proposed = with_session(context, work)
    say(f"capture {proposed.id} of {proposed.page} is proposed by {proposed.proposed_by}")


@app.command()
def approve(
    context: typer.Context,
    capture: Annotated[str | None, typer.Argument(help="The capture that you have looked at.")] = None,
    by: By = "",
    reason: Annotated[str, typer.Option(help="Why this is how the page looks now.")] = "",
    also: Annotated[bool, typer.Option("--also", help="Add a look; keep those approved before.")] = False,
    all_proposed: Annotated[
        bool, typer.Option("--all-proposed", help="First baselines of all pages that have none.")
    ] = False,
) -> None:
    """Approve a capture as the page's baseline, also one of its history, to bring that look back."""
    if all_proposed is (capture is not None):
        raise UsageError("give a capture, or --all-proposed")
    if capture is None:
        done, left = with_session(context, lambda session: _approve_all(session, by, reason or FIRST))
        if not done and not left:
            say("nothing waits for a first approval")
        if left:
            raise Conflict("\n".join(left))
        return
    if not reason.strip():
        raise UsageError("an approval needs a reason (--reason TEXT)")
    named = capture

    async def work(session: Session) -> None:
        found = await session.store.baselines.capture(named)
        name = await _approver(session, found, by)
        approval = await session.store.baselines.approve(
            named, by=name, reason=reason, also=also, now=utc_now(), via=via()
        )
        say(f"{approval.page}: capture {approval.capture} approved by {approval.by}")
        if found.attack:
            sys.stderr.write(
                f"defacewatch: note: capture {named} has evidence of attack, which is normal from now on\n"
            )

    with_session(context, work)


@app.command()
def decline(
    context: typer.Context,
    capture: str,
    by: By = "",
    reason: Annotated[str, typer.Option(help="Why this is not how the page should look.")] = "",
) -> None:
    """Turn a proposal down: it waits no more."""
    if not reason.strip():
        raise UsageError("to turn a proposal down needs a reason (--reason TEXT)")

    async def work(session: Session) -> Capture:
        name = await _signatory(session, await session.store.baselines.capture(capture), by)
        return await session.store.baselines.decline(
            capture, by=name, reason=reason, now=utc_now(), via=via()
        )

    declined = with_session(context, work)
    say(f"capture {declined.id} of {declined.page} waits no more")


async def _approve_all(session: Session, by: str, reason: str) -> tuple[int, list[str]]:
    """Approve the newest proposal of each page without a baseline: how many, and why others were left out."""
    left: list[str] = []
    done: set[str] = set()
    approved = 0
    for proposal in sorted(await session.store.baselines.proposals(), key=lambda c: c.at, reverse=True):
        if proposal.page in done or await session.store.baselines.get(proposal.page) is not None:
            continue
        done.add(proposal.page)
        if proposal.attack:
            left.append(
                f"{proposal.page}: capture {proposal.id} left out: it has evidence of attack; look at it"
            )
            continue
        try:
            name = await _approver(session, proposal, by)
            await session.store.baselines.approve(
                proposal.id, by=name, reason=reason, now=utc_now(), via=via()
            )
        except Conflict as error:
            left.append(f"{proposal.page}: {error}")
        else:
            approved += 1
            say(f"{proposal.page}: capture {proposal.id} approved by {name}")
    return approved, left


async def _approver(session: Session, capture: Capture, by: str) -> str:
    name = await _signatory(session, capture, by)
    portal, _ = await session.store.portals.page(capture.page)
    check_people(name, capture, session.roster, portal)
    return name


async def _signatory(session: Session, capture: Capture, by: str) -> str:
    portal, _ = await session.store.portals.page(capture.page)
    return signatory(by, session.roster, portal)


@app.command()
def history(context: typer.Context, page: str, as_json: Json = False) -> None:
    """Who approved what, when and why."""

    async def work(session: Session) -> None:
        ((_, found),) = (await session.store.portals.find([page]))[:1]
        approvals = await session.store.baselines.history(found.id)
        if as_json:
            print_json(shapes.approval_line(approval) for approval in approvals)
            return
        print_table(
            ("approved", "capture", "by", "reason", "until"),
            (
                (shapes.moment(a.at), a.capture, a.by, a.reason, shapes.moment(a.withdrawn_at))
                for a in approvals
            ),
        )

    with_session(context, work)
