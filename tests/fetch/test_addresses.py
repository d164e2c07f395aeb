from ipaddress import IPv6Address, ip_address

import pytest

from defacewatch.fetch.addresses import literal, special_use


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::1]", "::1"),
        ("::ffff:7f00:1", "::ffff:127.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_every_spelling_of_an_address_is_read_as_browsers_read_it(host: str, address: str) -> None:
    assert literal(host) == ip_address(address)


@pytest.mark.parametrize(
    "host", ["hungyen.gov.vn", "127.0.0.1.nip.io", "0x7f.example", "localhost", "1e100.net"]
)
def test_a_name_is_no_address(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize("host", ["256.1.1.1", "1.2.3.4.5", "1.2.3.08", "a.1", "4294967296", "[zz]", "%ff.1"])
def test_what_browsers_reject_is_rejected(host: str) -> None:
    with pytest.raises(ValueError):
        literal(host)


@pytest.mark.parametrize(
    ("address", "use"),
    [
        ("8.8.8.8", None),
        ("2405:4800::1", None),
        ("64:ff9b::808:808", None),
        ("0.1.2.3", "unspecified"),
        ("10.255.255.255", "private"),
        ("172.31.0.1", "private"),
        ("172.32.0.1", None),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "shared (CGNAT)"),
        ("100.100.100.200", "metadata"),
        ("127.9.9.9", "loopback"),
        ("169.254.1.1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "reserved"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "metadata"),
        ("fe80::1", "link-local"),
        ("ff02::1", "multicast"),
        ("2001::1", "reserved"),
        ("4000::1", "reserved"),
    ],
)
def test_addresses_that_the_public_internet_does_not_have_are_named(address: str, use: str | None) -> None:
    assert special_use(ip_address(address)) == use


def test_addresses_that_somebody_has_chosen_to_hash_alike_take_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = int(ip_address("2405:4800::1"))
    chosen = [IPv6Address(base + number * (2**61 - 1)) for number in range(300)]
    assert len({hash(address) for address in chosen}) == 1
    compared = 0
    equal = IPv6Address.__eq__

    def counted(one: IPv6Address, other: object) -> bool:
        nonlocal compared
        compared += 1
        return equal(one, other)

    monkeypatch.setattr(IPv6Address, "__eq__", counted)
    for _ in range(2):
        assert [special_use(address) for address in chosen] == [None] * 300
    assert compared <= len(chosen)
