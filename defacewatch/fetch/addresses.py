"""What an IP address is for, and the spellings of one that a URL may hide it behind."""

import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

from defacewatch.fetch.remembering import MOST, remembered

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The IANA special-purpose registries of IPv4 and IPv6 (RFC 6890 and its successors), as of 2026. Kept here
# and not taken from `ipaddress`, whose answers differ between Python versions. The first that fits names it.
SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), name)
    for network, name in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared (CGNAT)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "private"),
        ("100::/64", "reserved"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_DOTS = {0x3002: ".", 0xFF0E: ".", 0xFF61: "."}  # IDNA reads these as full stops
_GLOBAL_V6 = (IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96"))
LINK_LOCAL: tuple[Network, ...] = (IPv4Network("169.254.0.0/16"), IPv6Network("fe80::/10"))

# Where clouds hand out credentials to whoever asks from the machine itself.
METADATA: frozenset[Address] = frozenset(
    ip_address(address)
    for address in (
        "169.254.169.254",  # AWS, Azure, GCP, OpenStack
        "169.254.170.2",  # AWS ECS
        "169.254.170.23",  # AWS EKS
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # GCP
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure's host agent
    )
)


def special_use(address: Address) -> str | None:
    """What `address` is reserved for ('private', 'loopback', …), or None when anyone may dial it."""
    return _use_of(address.packed)


@lru_cache(MOST)
def _use_of(packed: bytes) -> str | None:
    """By its bytes: whoever answers for a name may choose addresses whose own hashes are all the same."""
    address = ip_address(packed)
    if address in METADATA:
        return "metadata"
    for network, name in SPECIAL:
        if address.version == network.version and address in network:
            return name
    if isinstance(address, IPv6Address) and not any(address in network for network in _GLOBAL_V6):
        return "reserved"
    return None


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to: mapped, 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in IPv6Network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@remembered
def literal(host: str) -> Address | None:
    """The address that `host` spells, or None when it is a name.

    `host` as in a URL, brackets of IPv6 included or not. Follows the host parser of the WHATWG URL
    standard: percent-decoding, IDNA mapping (full-width digits, odd dots), then IPv4 numbers in decimal,
    octal or hexadecimal, with one to four parts. Raises ValueError for a host that such a parser rejects.
    """
    if host.startswith("[") or ":" in host:
        return IPv6Address(host.strip("[]").partition("%")[0])
    name = unquote(host, errors="strict")
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name).translate(_DOTS)
    parts = name.split(".")
    if parts[-1] == "" and len(parts) > 1:
        parts.pop()
    if not _is_number(parts[-1]):
        return None
    return _ipv4(parts)


def _is_number(part: str) -> bool:
    if part.isascii() and part.isdigit():
        return True
    return part[:2].lower() == "0x" and all(digit in "0123456789abcdefABCDEF" for digit in part[2:])


def _number(part: str) -> int:
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    if len(part) > 1 and part.startswith("0"):
        return int(part, 8)
    return int(part, 10)


def _ipv4(parts: list[str]) -> IPv4Address:
    if len(parts) > 4 or not all(map(_is_number, parts)):
        raise ValueError("not an IPv4 address")
    numbers = [_number(part) for part in parts]
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise ValueError("not an IPv4 address")
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value += number * 256 ** (3 - place)
    return IPv4Address(value)
