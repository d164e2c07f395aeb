"""How the text of a key is read: one reader a kind of value, each saying what it expected."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, PlainValidator

from defacewatch import accounts
from defacewatch.errors import UsageError
from defacewatch.language import LANGUAGES
from defacewatch.portals import Urgency, canonical_url
from defacewatch.raising import HOLIDAYS
from defacewatch.roster import KINDS, ROLES, Duty

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d)", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,255}")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})

NOBODY = "nobody"
CODE_FOR = (NOBODY, *(role.value for role in reversed(accounts.Role)))  # from which role on a code is needed

MAX_DURATION = timedelta(days=366)


class Section(BaseModel):
    """A mapping in a file: unknown keys are refused, and its values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Listen(NamedTuple):
    """An address to listen on."""

    host: str
    port: int


def expected(what: str, value: object) -> ValueError:
    """The error for a value that is not `what`, showing a little of the value."""
    if isinstance(value, dict):
        return ValueError(f"expected {what}, not keys and values")
    if isinstance(value, (list, tuple)):
        return ValueError(f"expected {what}, not a list")
    if value is None:
        return ValueError(f"expected {what}, not nothing")
    given = str(value)
    return ValueError(f"expected {what}, not {given if len(given) <= 60 else given[:57] + '…'!r}")


def read_duration(text: str) -> timedelta:
    """'30s', '10m', '2h', '1d', '1.5s' or '500ms'. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    found = timedelta(seconds=float(match[1]) * _UNITS[match[2]]) if match else None
    if found is None or found > MAX_DURATION:
        raise expected("a duration such as 30s, 10m, 2h or 1d (at most 366d)", text)
    return found


def write_duration(duration: timedelta) -> str:
    """A duration as `read_duration` reads it, in the largest unit that divides it."""
    milliseconds = round(duration.total_seconds() * 1000)
    for unit in ("d", "h", "m", "s"):
        size = round(_UNITS[unit] * 1000)
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def _reader(reader: Callable[[str], object], what: str) -> PlainValidator:
    """A field that is read from text with `reader`, which raises ValueError; other values are not `what`."""

    def validate(value: object) -> object:
        if not isinstance(value, str):
            raise expected(what, value)
        return reader(value)

    return PlainValidator(validate)


def interval(least: timedelta, most: timedelta | None = None) -> PlainValidator:
    """A duration of at least `least`, and at most `most`."""

    def read(text: str) -> timedelta:
        found = read_duration(text)
        if found < least:
            raise expected(f"at least {write_duration(least)}", text)
        if most is not None and found > most:
            raise expected(f"at most {write_duration(most)}", text)
        return found

    return _reader(read, "a duration such as 30s, 10m, 2h or 1d")


def whole(low: int, high: int) -> PlainValidator:
    """A whole number from `low` to `high`."""
    what = f"a whole number from {low} to {high}"

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,20}", text.strip()) or not low <= int(text) <= high:
            raise expected(what, text)
        return int(text)

    return _reader(read, what)


def _choice(options: Iterable[StrEnum]) -> PlainValidator:
    known = {str(option): option for option in options}
    what = "one of " + ", ".join(known)

    def read(text: str) -> StrEnum:
        if text not in known:
            raise expected(what, text)
        return known[text]

    return _reader(read, what)


def _code_for(text: str) -> str:
    if text not in CODE_FOR:
        raise expected("one of " + ", ".join(CODE_FOR), text)
    return text


def _text(text: str) -> str:
    """One line of text, composed (NFC), so that a name compares equal however it was typed."""
    found = unicodedata.normalize("NFC", text.strip())
    if not found or len(found) > 500 or any(unicodedata.category(c) == "Cc" for c in found):
        raise expected("one line of text, at most 500 characters", text)
    return found


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise expected("lower-case letters, digits, '-', '_' or '.' (at most 64), such as 'hung-yen'", text)
    return text


def _tag(text: str) -> str:
    """A word or a few, without what parts tags where several are written in one field."""
    what = "a tag of at most 40 characters, without , ; or |"
    try:
        found = _text(text)
    except ValueError:
        raise expected(what, text) from None
    if len(found) > 40 or set(found) & set(",;|"):
        raise expected(what, text)
    return found


def split_tags(text: str) -> list[str]:
    """The tags in a field that holds several: 'khối tỉnh, một cửa' or 'a|b'."""
    return [tag.strip() for tag in re.split(r"[,;|]", text) if tag.strip()]


def _url(text: str) -> str:
    what = "an http:// or https:// URL without user name"
    if re.search(r"[\s\x00-\x1f\x7f]", text.strip()):
        raise expected(what, text)
    try:
        return canonical_url(text)
    except (UsageError, ValueError) as error:
        raise expected(what, text) from error


def _base_url(text: str) -> str:
    return _url(text).rstrip("/")


def _proxy(text: str) -> str:
    """Never shown in an error: it may carry a password."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https", "socks5", "socks5h") and parts.hostname and parts.port
    except ValueError:
        known = None
    if not known:
        raise ValueError("expected a proxy such as http://10.0.0.1:3128 or socks5://10.0.0.1:1080")
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text.strip()):
        raise expected("an e-mail address such as an@example.gov.vn", text)
    return text.strip()


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as error:
        raise expected("a network such as 127.0.0.0/8 or fd00::/8, without host bits", text) from error


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise expected("a time zone such as Asia/Ho_Chi_Minh", text) from error


def read_listen(text: str) -> Listen:
    """'127.0.0.1:8080', '[::1]:8080' or 'host:8080'. Raises ValueError."""
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(bare)
        fine = (
            port.isascii() and port.isdigit() and int(port) <= 65535 and (":" in bare) == host.startswith("[")
        )
    except ValueError:
        fine = bool(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9.-]*", host)) and port.isdigit() and int(port) <= 65535
    if not fine:
        raise expected("an address and port such as 127.0.0.1:8080 or [::1]:8080", text)
    return Listen(bare, int(port))


def _clock(text: str, *, midnight: bool) -> time:
    match = _TIME.fullmatch(text.strip())
    if match and midnight and (match[1], match[2]) == ("24", "00"):
        return time(0, 0)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise expected("a time of day such as 07:00", text)
    return time(int(match[1]), int(match[2]))


def _date(text: str) -> date:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 -- a calendar day, local
    except ValueError as error:
        raise expected("a date such as 2027-02-05", text) from error


def read_when(text: str) -> date | datetime:
    """A local day, '2027-02-05', or time, '2027-02-05T06:00', left without a zone. Raises ValueError."""
    given = text.strip().replace(" ", "T")
    try:
        found = datetime.strptime(given, "%Y-%m-%dT%H:%M") if "T" in given else _date(given)  # noqa: DTZ007
    except ValueError as error:
        raise expected("a date such as 2027-02-05, or a time such as 2027-02-05T06:00", text) from error
    return found


def _day(text: str) -> int:
    if text.lower() not in _DAYS:
        raise expected("one of " + ", ".join(_DAYS), text)
    return _DAYS.index(text.lower())


def _flag(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise expected("true or false", text)
    return text.lower() in _YES


def _positive(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text.strip()) or float(text) <= 0:
        raise expected("a number above 0", text)
    return float(text)


def _factor(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text.strip()) or not 1 <= float(text) <= 20:
        raise expected("a number from 1 to 20", text)
    return float(text)


def _holiday(text: str) -> str:
    if text not in HOLIDAYS:
        raise expected("one of " + ", ".join(HOLIDAYS), text)
    return text


def _security(text: str) -> str:
    if text not in ("none", "starttls", "tls"):
        raise expected("one of none, starttls, tls", text)
    return text


def _alert_kind(text: str) -> str:
    if text not in KINDS:
        raise expected("one of " + ", ".join(KINDS), text)
    return text


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise expected("one of " + ", ".join(LANGUAGES), text)
    return text


Text = Annotated[str, _reader(_text, "text")]
Tag = Annotated[str, _reader(_tag, "a tag")]
Key = Annotated[str, _reader(_key, "a key such as 'hung-yen'")]
Word = Annotated[str, _reader(lambda text: text, "a word")]
Url = Annotated[str, _reader(_url, "an http:// or https:// URL")]
BaseUrl = Annotated[str, _reader(_base_url, "an http:// or https:// URL")]
Proxy = Annotated[str, _reader(_proxy, "the URL of a proxy")]
Email = Annotated[str, _reader(_email, "an e-mail address")]
Network = Annotated[str, _reader(_network, "a network such as 127.0.0.0/8")]
Zone = Annotated[ZoneInfo, _reader(_zone, "a time zone such as Asia/Ho_Chi_Minh")]
Address = Annotated[Listen, _reader(read_listen, "an address and port such as 127.0.0.1:8080")]
Start = Annotated[time, _reader(lambda text: _clock(text, midnight=False), "a time of day such as 07:00")]
End = Annotated[time, _reader(lambda text: _clock(text, midnight=True), "a time of day such as 15:00")]
Day = Annotated[date, _reader(_date, "a date such as 2027-02-05")]
When = Annotated[date | datetime, _reader(read_when, "a date such as 2027-02-05")]
Weekday = Annotated[int, _reader(_day, "one of " + ", ".join(_DAYS))]
CodeFor = Annotated[str, _reader(_code_for, "one of " + ", ".join(CODE_FOR))]
AccountRole = Annotated[accounts.Role, _choice(accounts.Role)]
Flag = Annotated[bool, _reader(_flag, "true or false")]
Amount = Annotated[float, _reader(_positive, "a number above 0")]
Language = Annotated[str, _reader(_language, "one of " + ", ".join(LANGUAGES))]
Factor = Annotated[float, _reader(_factor, "a number from 1 to 20")]
HolidayName = Annotated[str, _reader(_holiday, "a holiday")]
Security = Annotated[str, _reader(_security, "one of none, starttls, tls")]
Interval = Annotated[timedelta, interval(timedelta(seconds=1))]
ProbeEvery = Annotated[timedelta, interval(timedelta(seconds=1), timedelta(hours=1))]
RenderEvery = Annotated[timedelta, interval(timedelta(seconds=1), timedelta(hours=24))]
Wait = Annotated[timedelta, interval(timedelta(0))]
Again = Annotated[timedelta, interval(timedelta(minutes=1))]
# A check is cut off after a quarter of an hour, which it must not take to confirm.
ConfirmAfter = Annotated[timedelta, interval(timedelta(0), timedelta(minutes=5))]
AlertWord = Annotated[str, _reader(_alert_kind, "a kind of alert")]
Port = Annotated[int, whole(1, 65535)]
Role = Annotated[Duty, _choice(ROLES)]
Told = Annotated[Urgency, _choice(Urgency)]
