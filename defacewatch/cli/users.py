"""`user`: accounts of the console, for whoever has this host."""

import sys
from datetime import timedelta
from typing import Annotated

import typer

from defacewatch import shapes
from defacewatch.accountlines import account_line, token_line
from defacewatch.accounts import (
    SOMEBODY_ELSE,
    Account,
    Role,
    Scope,
    checked_label,
    checked_language,
    checked_name,
)
from defacewatch.audit import Act, Actor
from defacewatch.cli.common import (
    Json,
    Session,
    print_json,
    print_table,
    say,
    user,
    utc_now,
    via,
    with_session,
)
from defacewatch.config.fields import read_duration
from defacewatch.errors import NotFound, UsageError
from defacewatch.identities import Identity, checked_subject
from defacewatch.passwords import checked, hashed
from defacewatch.web.welcome import welcome_url

app = typer.Typer(help="Accounts: who may sign in, and as what.", no_args_is_help=True)
LONGEST = timedelta(days=366)  # that a token may last

Name = Annotated[str, typer.Argument(help="The user name.")]
Link = Annotated[
    bool, typer.Option("--link", help="Print a link by which they choose the password, instead of asking.")
]


def _actor() -> Actor:
    return Actor(f"{user()} (system)", via())


@app.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="viewer, officer, approver or admin.")] = Role.VIEWER,
    display: Annotated[str, typer.Option(help="As people call them; the officer's name by default.")] = "",
    officer: Annotated[str, typer.Option(help="Their key in the roster.")] = "",
    language: Annotated[str, typer.Option(help="'vi' or 'en'; the configured one by default.")] = "",
    link: Link = False,
) -> None:
    """Add an account. The password is asked for, or read from standard input where that is no terminal."""
    known = checked_name(name)
    password = None if link else _password(known)

    async def work(session: Session) -> str:
        someone = session.roster.officer(officer)
        if officer and someone is None:
            raise NotFound(f"there is no officer {officer} in the roster")
        if known != officer and session.roster.officer(known) is not None:
            raise UsageError(SOMEBODY_ELSE)
        account = await session.store.accounts.add(
            known,
            checked_label(display or (someone.name if someone else known)),
            role,
            officer=officer or None,
            language=checked_language(language),
            password=hashed(password) if password is not None else None,
            actor=_actor(),
            now=utc_now(),
        )
        return await _link(session, account) if link else f"{known} is added, as {role.value}"

    say(with_session(context, work))


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """All accounts, disabled ones too."""

    async def work(session: Session) -> list[Account]:
        return await session.store.accounts.every()

    lines = [account_line(account) for account in with_session(context, work)]
    if as_json:
        print_json(lines)
        return
    columns = ("name", "display", "role", "officer", "disabled", "totp", "signed_in_at")
    print_table(columns, ([line[column] for column in columns] for line in lines))


@app.command()
def passwd(context: typer.Context, name: Name, link: Link = False) -> None:
    """Set a new password, or give a link to choose one. A new password ends all sessions."""
    password = None if link else _password(name)

    async def work(session: Session) -> str:
        account = await session.store.accounts.named(name)
        if password is None:
            return await _link(session, account)
        await session.store.accounts.set_password(account.id, hashed(password), actor=_actor(), now=utc_now())
        return f"{name} has a new password, and is signed out everywhere"

    say(with_session(context, work))


@app.command()
def bind(
    context: typer.Context,
    name: Name,
    subject: Annotated[str, typer.Argument(help="What the provider calls them (sub).")],
) -> None:
    """Let whoever the provider of web.oidc calls SUBJECT sign in to an account."""

    async def work(session: Session) -> str:
        account, issuer = await session.store.accounts.named(name), _issuer(session)
        who = Identity(issuer, checked_subject(subject))
        await session.store.identities.bind(account.id, who, actor=_actor(), now=utc_now())
        return f"{name} signs in by {issuer} as {who.subject}"

    say(with_session(context, work))


@app.command()
def unbind(context: typer.Context, name: Name) -> None:
    """Let nobody of the provider sign in to an account any more. It is signed out everywhere."""

    async def work(session: Session) -> str:
        account, issuer = await session.store.accounts.named(name), _issuer(session)
        await session.store.identities.unbind(account.id, issuer, actor=_actor(), now=utc_now())
        return f"{name} no longer signs in by {issuer}"

    say(with_session(context, work))


def _issuer(session: Session) -> str:
    if session.settings.web.oidc is None:
        raise UsageError("no provider is configured (web.oidc)")
    return session.settings.web.oidc.issuer


@app.command("role")
def role_(context: typer.Context, name: Name, role: Role) -> None:
    """Give somebody another role; it holds from their next request on."""
    _change(context, name, role=role.value)
    say(f"{name} is {role.value}")


@app.command()
def disable(context: typer.Context, name: Name) -> None:
    """Let somebody sign in no more, and end their sessions; accounts are never deleted."""
    _change(context, name, disabled=True)
    say(f"{name} is disabled")


@app.command()
def enable(context: typer.Context, name: Name) -> None:
    """Let somebody sign in again."""
    _change(context, name, disabled=False)
    say(f"{name} is enabled")


@app.command("sign-out")
def sign_out(context: typer.Context, name: Name) -> None:
    """End all sessions of somebody."""

    async def work(session: Session) -> int:
        account = await session.store.accounts.named(name)
        return await session.store.sessions.end(account, actor=_actor(), now=utc_now())

    say(f"{name}: {with_session(context, work)} sessions ended")


@app.command("totp-off")
def totp_off(context: typer.Context, name: Name) -> None:
    """Ask somebody for no more codes: they have lost the phone and the recovery codes."""

    async def work(session: Session) -> None:
        account = await session.store.accounts.named(name)
        await session.store.accounts.set_totp(
            account.id, None, (), recovery=True, actor=_actor(), now=utc_now()
        )

    with_session(context, work)
    say(f"{name} signs in without a code; let them set up a new authenticator soon")


@app.command()
def token(
    context: typer.Context,
    name: Name,
    label: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[Scope, typer.Option(help="read, act or admin; never more than the role.")] = Scope.READ,
    expires: Annotated[str, typer.Option(help="After how long, e.g. 90d; at most 366d.")] = "90d",
) -> None:
    """Make a token for a program; it is printed once."""
    try:
        lasts = read_duration(expires)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from None
    if not timedelta() < lasts <= LONGEST:
        raise typer.BadParameter("must be above 0 and at most 366d", param_hint="--expires")

    async def work(session: Session) -> str:
        account, now = await session.store.accounts.named(name), utc_now()
        return await session.store.api_tokens.make(
            account, checked_label(label), scope, expires=now + lasts, actor=_actor(), now=now
        )

    say(with_session(context, work))


@app.command()
def tokens(context: typer.Context, as_json: Json = False) -> None:
    """All tokens that were not revoked, without their secrets."""

    async def work(session: Session) -> list[shapes.Line]:
        store = session.store
        return [
            token_line(one, account.name)
            for account in await store.accounts.every()
            for one in await store.api_tokens.of(account.id)
        ]

    lines = with_session(context, work)
    if as_json:
        print_json(lines)
        return
    columns = ("id", "account", "label", "scope", "expires_at", "used_at")
    print_table(columns, ([line[column] for column in columns] for line in lines))


@app.command("revoke-token")
def revoke_token(context: typer.Context, name: Name, number: int) -> None:
    """End a token, by its number in `user tokens`."""

    async def work(session: Session) -> None:
        account = await session.store.accounts.named(name)
        await session.store.api_tokens.revoke(account, number, actor=_actor(), now=utc_now())

    with_session(context, work)
    say(f"token {number} no longer works")


def _change(context: typer.Context, name: str, **values: str | bool | None) -> None:
    async def work(session: Session) -> None:
        account = await session.store.accounts.named(name)
        actor, now = _actor(), utc_now()
        await session.store.accounts.change(account.id, actor=actor, now=now, instead_of=None, **values)

    with_session(context, work)


async def _link(session: Session, account: Account) -> str:
    """A link for a password, which the log notes: whoever has it may become them."""
    found = await session.store.accounts.credentials(number=account.id)
    assert found is not None  # accounts are never deleted
    now, of = utc_now(), f"account {account.name}"
    await session.store.audit.note(_actor(), Act.LINK_GIVEN, at=now, of=of)
    return welcome_url(session.settings.web.public_url, session.secret_key.encode(), found, now)


def _password(*names: str) -> str:
    """A new password from the terminal, typed twice, or the first line of the standard input."""
    if not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise UsageError("give the password on the standard input, or use --link")
        return checked(given, *names)
    given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return checked(str(given), *names)
