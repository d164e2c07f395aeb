"""Bodies and headers that an administrator writes as templates, for gateways that do not take our own JSON.

A template sees the plain fields of one message and the secrets that the environment names, and nothing else:
it calls nothing, loads nothing and reaches into nothing. What came from a watched page is cleaned and
defanged before it is a field; `tojson` makes JSON of it.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from defacewatch.alerts import Notice
from defacewatch.gathering import Gathered
from defacewatch.language import local_time
from defacewatch.notify import message
from defacewatch.notify.content import campaign_code, incident_code
from defacewatch.notify.gathered import worst_of
from defacewatch.notify.hostile import safe
from defacewatch.portals import Urgency
from defacewatch.verdicts import VerdictKind

LARGEST = 16_000  # characters of a template
SMS = 160  # septets of one text message
SECRET = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

# What a template can say; everything is there in every message, empty where it has none.
FIELDS: Mapping[str, str] = {
    "id": "the same for every attempt to tell one person of one alert on this channel",
    "kind": "the kind of alert",
    "urgency": "`high` or `normal`",
    "subject": "the message in one line of at most 140 characters",
    "text": "the message, in lines",
    "code": "the incident's code, such as SC-000123",
    "portal": "the portal's name",
    "portal_key": "the portal's key",
    "page": "the page's address, written apart",
    "time": "when the alert was raised, local",
    "drill": "`true` in a drill",
    "evidence_url": "where the status page shows the incident",
    "take_url": "where the officer takes the incident or confirms the handover",
    "officer": "the officer's name (with `per: officer`)",
    "phone": "the officer's telephone number, digits only",
}
HOSTILE = "\"'\\\n\t<&>{}%đ"  # what a field may hold, for trying a template out

_KNOWN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.Keyword),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Concat, nodes.Getattr),
)
_PLAIN = str.maketrans(
    {"đ": "d", "Đ": "D", "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "·": "-"}
    | {"•": "-", "`": "'"}
)
_TWICE = frozenset("^{}\\[~]|")  # take two septets (3GPP TS 23.038, the extension table)


@dataclass(frozen=True)
class Body:
    """A template that was found good, and the names of the secrets that it wants."""

    template: Template
    secrets: frozenset[str]

    def render(self, fields: Mapping[str, str], secrets: Mapping[str, str]) -> str:
        return self.template.render(fields, secret={name: secrets[name] for name in self.secrets})


@lru_cache(64)
def parse(source: str) -> Body:
    """A template. Raises ValueError, in one line, for what is none or wants what there is not."""
    try:
        tree = _environment.parse(source)
    except TemplateSyntaxError as error:
        raise ValueError(f"expected a template; its line {error.lineno}: {error.message}") from None
    for node in tree.find_all(nodes.Node):
        _check(node)
    wanted = [node.attr for node in tree.find_all(nodes.Getattr)]
    if len(wanted) != sum(node.name == "secret" for node in tree.find_all(nodes.Name)):
        raise ValueError("expected secret.NAME, not all secrets at once")
    return Body(_environment.from_string(tree), frozenset(wanted))


def try_out(source: str, *, as_json: bool) -> frozenset[str]:
    """Render a template with the worst that fields may hold; the names of the secrets it wants. Raises
    ValueError, in one line, where it fails or, `as_json`, makes no JSON."""
    body = parse(source)
    try:
        made = body.render(dict.fromkeys(FIELDS, HOSTILE), dict.fromkeys(body.secrets, "x"))
    except Exception as error:  # filters raise what they like
        raise ValueError(f"expected a template that can be filled in ({error})") from None
    if as_json:
        try:
            json.loads(made)
        except ValueError as error:
            raise ValueError(
                f"expected JSON once it is filled in ({error}); write fields as {{{{ text|tojson }}}}"
            ) from None
    return body.secrets


def fields_of(notice: Notice) -> dict[str, str]:
    """The fields of a message, cleaned, bounded and defanged."""
    alert, portal, page, to = notice.alert, notice.portal, notice.page, notice.to
    delivery = notice.delivery
    return {
        "id": f"alert_{alert.id}" if delivery is None or to is None else f"delivery_{delivery.id}",
        "kind": alert.kind.value,
        "urgency": alert.urgency.value,
        "subject": message.subject(notice),
        "text": message.text(notice),
        "code": incident_code(notice.incident.id) if notice.incident else "",
        "portal": safe(portal.name) if portal else "",
        "portal_key": portal.key if portal else "",
        "page": safe(page.url) if page else "",
        "time": local_time(alert.at, notice.zone),
        "drill": "true" if page and page.drill else "",
        "evidence_url": notice.evidence_url or "",
        "take_url": notice.take_url or "",
        "officer": safe(to.name, 80) if to else "",
        "phone": digits(to.phone or "") if to else "",
    }


def gathered_fields(gathered: Gathered) -> dict[str, str]:
    """The fields of a message that carries several alerts: of no single portal."""
    worst, campaign = worst_of(gathered.entries), gathered.campaign
    return {
        **dict.fromkeys(FIELDS, ""),
        "id": gathered.name,
        "kind": (worst or VerdictKind.CHANGED).value,
        "urgency": Urgency.HIGH.value if worst is VerdictKind.DEFACED else Urgency.NORMAL.value,
        "subject": message.subject(gathered),
        "text": message.text(gathered),
        "code": campaign_code(campaign.id) if campaign else "",
        "time": local_time(gathered.at, gathered.zone),
        "evidence_url": gathered.url or "",
        "take_url": gathered.take_url or "",
        "officer": safe(gathered.to.name, 80),
        "phone": digits(gathered.to.phone or ""),
    }


def digits(phone: str) -> str:
    """A telephone number without what people write between its digits."""
    return re.sub(r"[^0-9]", "", phone)


def international(phone: str, code: str = "84") -> str:
    """'0900000001' as '84900000001', as gateways want it that dial with a country's code."""
    bare = digits(phone)
    return code + bare[1:] if bare.startswith("0") and not bare.startswith("00") else bare.removeprefix("00")


def plain(text: str) -> str:
    """Text in ASCII: Vietnamese letters lose their marks, what has no likeness is a space: left out, it
    would put addresses together again that were taken apart."""
    apart = unicodedata.normalize("NFD", text.translate(_PLAIN))
    return "".join(
        char if char.isascii() else " " for char in apart if char.isascii() or not unicodedata.combining(char)
    )


def sms(text: str, limit: int = SMS) -> str:
    """Text for one text message: without diacritics, which would make it 70 characters long instead of 160,
    on one line, and cut to `limit` septets."""
    line = " ".join(plain(text).split())
    if _septets(line) <= limit:
        return line
    while line and _septets(line) > limit - 3:
        line = line[:-1]
    return line.rstrip() + "..."


def shorten(text: str, limit: int) -> str:
    """Text in at most `limit` characters."""
    return text if len(text) <= limit else text[: max(0, limit - 3)].rstrip() + "..."


def _septets(text: str) -> int:
    return len(text) + sum(char in _TWICE for char in text)


def _check(node: nodes.Node) -> None:
    if not isinstance(node, _KNOWN):
        what = type(node).__name__.lower()
        raise ValueError(f"expected fields, filters and conditions alone, not {what} (line {node.lineno})")
    if isinstance(node, nodes.Getattr):
        of_secret = isinstance(node.node, nodes.Name) and node.node.name == "secret"
        if not of_secret or not SECRET.fullmatch(node.attr):
            raise ValueError(f"expected secret.NAME in capitals, not .{node.attr} (line {node.lineno})")
    elif isinstance(node, nodes.Name) and node.name not in (*FIELDS, "secret"):
        raise ValueError(
            f"no field {node.name!r} (line {node.lineno}); expected one of {', '.join(FIELDS)}, secret.NAME"
        )
    elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise ValueError(
            f"no filter {node.name!r} (line {node.lineno}); expected one of {', '.join(_FILTERS)}"
        )


_FILTERS = {
    "tojson": json.dumps,
    "sms": sms,
    "plain": plain,
    "shorten": shorten,
    "international": international,
    "urlencode": lambda text: quote(text, safe=""),
    "upper": str.upper,
    "lower": str.lower,
}

_environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
_environment.filters = dict(_FILTERS)
_environment.tests = {}
_environment.globals = {}
