from defacewatch.eyes import forbid_listener
from defacewatch.fetch.guard import Guard


def test_our_listeners_port_is_refused_on_every_address_of_this_host() -> None:
    guard = Guard(["127.0.0.0/8", "::1/128", "192.0.2.0/24"])
    forbid_listener(guard, "127.0.0.1", 8080)
    for address in ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::"):
        reason = guard.refusal_of_address(address, 8080)
        assert reason is not None, address
        assert "our own listener" in reason
    assert guard.refusal_of_address("127.0.0.1", 8081) is None
    assert guard.refusal_of_address("192.0.2.1", 8080) is None
