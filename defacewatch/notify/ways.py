"""By which way somebody has done something, in the reader's language."""

from collections.abc import Mapping

from defacewatch.language import N_, Translate

WAYS: Mapping[str, str] = {
    "telegram": N_("by Telegram"),
    "email": N_("by e-mail"),
    "cli": N_("by command"),
    "console": N_("in the console"),
    "api": N_("by a program"),
    "link": N_("by the agency’s link"),
}
ACCOUNT = " account "  # between the address and the account of who acted in the console


def way(via: str, _: Translate) -> str:
    """What the record says of it, such as 'console:10.0.0.7 account dung' or 'cli:root', to be read."""
    kind, _colon, place = via.partition(":")
    if kind not in WAYS:
        return via
    where, with_account, account = place.partition(ACCOUNT)
    if with_account:
        where = _("{address}, account {name}").format(address=where, name=account)
    return f"{_(WAYS[kind])}: {where}" if where else _(WAYS[kind])
