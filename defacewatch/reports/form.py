"""The form of an office's paper: issuer, letterhead, recipients and signature (Decree 30/2020/NĐ-CP)."""

from dataclasses import dataclass
from datetime import datetime

from defacewatch.language import N_
from defacewatch.papers.paper import Letterhead, Recipients, Signature, Signing
from defacewatch.reports.wording import BLANK, Wording

NATION = N_("SOCIALIST REPUBLIC OF VIET NAM")
MOTTO = N_("Independence - Freedom - Happiness")
_NO_NUMBER = "\N{NO-BREAK SPACE}" * 8  # the registry fills it in


@dataclass(frozen=True)
class Issuer:
    """Who issues papers, as configured; what is empty is left to be filled in by hand. `symbol` is the
    issuer's abbreviation in a paper's number."""

    authority: str = ""
    name: str = ""
    place: str = ""
    symbol: str = ""
    signer_title: str = ""
    signer: str = ""
    recipients: tuple[str, ...] = ()


def letterhead(issuer: Issuer, kind: str, wording: Wording, at: datetime, number: str = "") -> Letterhead:
    """Of a paper that is dated `at`; `kind` is the abbreviation of the paper's kind: 'BC', 'BB'."""
    _ = wording._
    mark = "-".join(filter(None, (kind, issuer.symbol)))
    day = wording.long_day(at.astimezone(wording.roster.zone).date())
    return Letterhead(
        issuer.authority,
        issuer.name or BLANK * 3,
        _("No.: {number}/{mark}").format(number=number or _NO_NUMBER, mark=mark),
        _(NATION),
        _(MOTTO),
        f"{issuer.place or BLANK}, {day}",
    )


def foot(issuer: Issuer, wording: Wording) -> tuple[Recipients, Signature]:
    """Recipients and signer of a paper that leaves the office; the last recipient is the file."""
    _ = wording._
    file = _("On file.")
    listed = (*(f"- {name};" for name in issuer.recipients), f"- {file}")
    signer = Signing(issuer.signer or BLANK * 2)
    return Recipients(_("Recipients:"), listed), Signature(issuer.signer_title or BLANK * 2, "", (signer,))
