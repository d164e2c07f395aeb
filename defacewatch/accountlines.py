"""The JSON shapes of accounts, tokens and the audit log, as those in `shapes`."""

from defacewatch.accounts import Account, ApiToken
from defacewatch.audit import Entry, facts_of
from defacewatch.shapes import Line, moment


def audit_line(entry: Entry) -> Line:
    """One entry of the audit log, with its place in the chain."""
    return {
        "number": entry.number,
        "at": moment(entry.at),
        "who": entry.who,
        "source": entry.source,
        "act": entry.act,
        "object": entry.object,
        "before": facts_of(entry.before) if entry.before else None,
        "after": facts_of(entry.after) if entry.after else None,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def account_line(account: Account) -> Line:
    """Somebody who may sign in."""
    return {
        "id": account.id,
        "name": account.name,
        "display": account.display,
        "role": account.role.value,
        "officer": account.officer,
        "language": account.language,
        "disabled": account.disabled,
        "password": account.has_password,
        "totp": account.has_totp,
        "created_at": moment(account.created_at),
        "signed_in_at": moment(account.signed_in_at),
    }


def token_line(token: ApiToken, owner: str) -> Line:
    """A token for a program, without its secret."""
    return {
        "id": token.id,
        "account": owner,
        "label": token.label,
        "scope": token.scope.value,
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        "used_at": moment(token.used_at),
    }
