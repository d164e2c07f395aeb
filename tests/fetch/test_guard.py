import socket

import pytest

from defacewatch.fetch.guard import Guard, GuardedResolver, Refused, checked_addresses, system_lookup


def answering(*addresses: str):  # type: ignore[no-untyped-def]
    async def lookup(host: str, port: int) -> list[str]:
        return list(addresses)

    return lookup


@pytest.mark.parametrize(
    "url",
    [
        "https://hungyen.gov.vn/",
        "http://hungyen.gov.vn:8080/a?b#c",
        "HTTPS://8.8.8.8/",
        "http://[2405:4800::1]/",
        "http://[64:ff9b::808:808]/",
        "http://cổng.vn/",
    ],
)
def test_ordinary_addresses_pass(url: str) -> None:
    assert Guard().refusal_of_url(url) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://a.vn/", "scheme ftp"),
        ("file:///etc/passwd", "scheme file"),
        ("//a.vn/", "scheme missing"),
        ("http:///x", "no host"),
        ("http://a.vn:99999/", "not a URL"),
        ("http://[::1/", "not a URL"),
        ("http://256.1.1.1/", "not a host: 256.1.1.1"),
        ("http://a.vn:22/", "port 22"),
        ("http://a.vn:25/", "port 25"),
        ("http://a.vn:6379/", "port 6379"),
        ("http://a.vn:5432/", "port 5432"),
        ("http://a.vn:0/", "port 0"),
        ("http://127.0.0.1/", "loopback address 127.0.0.1"),
        ("http://0x7f.1/", "loopback address 127.0.0.1"),
        ("http://user@10.0.0.1/", "private address 10.0.0.1"),
        ("http://[::1]/", "loopback address ::1"),
        ("http://[::ffff:192.168.0.1]/", "private address 192.168.0.1"),
        ("http://[2002:a00:1::]/", "private address 10.0.0.1"),
        ("http://[64:ff9b::a9fe:a9fe]/", "metadata address 169.254.169.254"),
        ("http://[::10.0.0.1]/", "reserved address ::a00:1"),
        ("http://[fe80::1%25eth0]/", "link-local address fe80::1"),
        ("http://169.254.169.254/latest/", "metadata address 169.254.169.254"),
        ("http://[fd00:ec2::254]/", "metadata address fd00:ec2::254"),
    ],
)
def test_what_may_not_be_asked_for_is_refused_with_a_reason(url: str, reason: str) -> None:
    assert Guard().refusal_of_url(url) == reason


def test_a_named_network_may_be_dialled_and_its_neighbours_may_not() -> None:
    guard = Guard(["127.0.0.2/32", "fd12::/16"])
    assert guard.refusal_of_address("127.0.0.2", 80) is None
    assert guard.refusal_of_address("::ffff:127.0.0.2", 80) is None
    assert guard.refusal_of_address("fd12::1", 80) is None
    assert guard.refusal_of_address("127.0.0.1", 80) == "loopback address 127.0.0.1"
    assert guard.refusal_of_address("fd13::1", 80) == "private address fd13::1"


@pytest.mark.parametrize("network", ["0.0.0.0/0", "169.0.0.0/8", "169.254.0.0/16", "169.254.169.252/30"])
def test_metadata_opens_only_to_its_own_address(network: str) -> None:
    assert Guard([network]).refusal_of_address("169.254.169.254", 80) == "metadata address 169.254.169.254"
    assert Guard(["169.254.169.254/32"]).refusal_of_address("169.254.169.254", 80) is None


def test_link_local_must_be_named_as_such() -> None:
    assert Guard(["0.0.0.0/0"]).refusal_of_address("169.254.7.7", 80) == "link-local address 169.254.7.7"
    assert Guard(["::/0"]).refusal_of_address("fe80::7", 80) == "link-local address fe80::7"
    assert Guard(["169.254.7.0/24"]).refusal_of_address("169.254.7.7", 80) is None
    assert Guard(["0.0.0.0/0"]).refusal_of_address("10.0.0.1", 80) is None


def test_our_own_listener_is_refused_whatever_is_allowed_until_it_is_given_back() -> None:
    guard = Guard(["127.0.0.0/8", "0.0.0.0/32"])
    guard.forbid("127.0.0.1", 8080)
    reason = "our own listener 127.0.0.1 port 8080"
    assert guard.refusal_of_url("http://127.0.0.1:8080/") == reason
    assert guard.refusal_of_address("::ffff:127.0.0.1", 8080) == reason
    assert guard.refusal_of_address("0.0.0.0", 8080) == "our own listener 0.0.0.0 port 8080"
    assert guard.refusal_of_address("127.0.0.1", 8081) is None
    assert guard.refusal_of_address("127.0.0.2", 8080) is None
    guard.unforbid("127.0.0.1", 8080)
    assert guard.refusal_of_url("http://127.0.0.1:8080/") is None


def test_a_listener_that_was_taken_back_leaves_nothing_as_each_capture_has_one() -> None:
    guard = Guard(["127.0.0.0/8"])
    guard.forbid("127.0.0.1", 8080)
    for port in range(20_000, 21_000):
        guard.forbid("127.0.0.1", port)
        guard.unforbid("127.0.0.1", port)
    assert list(guard._forbidden) == [8080]
    assert guard.refusal_of_address("127.0.0.1", 8080) is not None
    assert guard.refusal_of_address("127.0.0.1", 20_000) is None


def test_a_listener_on_every_address_is_refused_on_every_address_of_this_host() -> None:
    guard = Guard(["127.0.0.0/8", "::1/128"])
    guard.forbid("0.0.0.0", 8080)
    for ip in ("127.0.0.1", "127.8.8.8", "::1"):
        assert "our own listener" in (guard.refusal_of_address(ip, 8080) or "")
    assert guard.refusal_of_address("8.8.8.8", 8080) is None


def test_a_network_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError):
        Guard(["localhost"])


async def test_an_answer_with_a_private_address_is_refused() -> None:
    with pytest.raises(Refused, match=r"private address 10\.0\.0\.5"):
        await checked_addresses(Guard(), "portal.example", 80, answering("10.0.0.5"))


async def test_only_public_answers_are_left_of_a_mixed_one() -> None:
    lookup = answering("10.0.0.5", "8.8.8.8", "::1")
    assert await checked_addresses(Guard(), "portal.example", 80, lookup) == ["8.8.8.8"]


async def test_a_name_without_an_address_is_no_refusal() -> None:
    with pytest.raises(socket.gaierror):
        await checked_addresses(Guard(), "portal.example", 80, answering())


async def test_the_system_resolver_knows_localhost_and_not_an_impossible_name() -> None:
    assert "127.0.0.1" in await system_lookup("localhost", 80)
    for name in ("no-such-name.invalid", "a" * 300, "nul\0"):
        with pytest.raises(OSError):
            await system_lookup(name, 80)


async def test_the_resolver_for_aiohttp_gives_numeric_hosts_and_remembers_them() -> None:
    resolver = GuardedResolver(Guard(), answering("8.8.8.8", "2405:4800::1"))
    found = await resolver.resolve("portal.example", 443)
    assert [(one["host"], one["family"]) for one in found] == [
        ("8.8.8.8", socket.AF_INET),
        ("2405:4800::1", socket.AF_INET6),
    ]
    assert resolver.answers == {"portal.example": ("8.8.8.8", "2405:4800::1")}
    await resolver.close()
