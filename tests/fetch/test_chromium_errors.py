import pytest

from defacewatch.captures import Failure
from defacewatch.fetch.chromium_errors import told


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("net::ERR_NAME_NOT_RESOLVED", Failure.DNS),
        ("net::ERR_CERT_AUTHORITY_INVALID", Failure.TLS),
        ("net::ERR_SSL_PROTOCOL_ERROR", Failure.TLS),
        ("net::ERR_TOO_MANY_REDIRECTS", Failure.REDIRECTS),
        ("net::ERR_TIMED_OUT", Failure.TIMEOUT),
        ("net::ERR_CONNECTION_TIMED_OUT", Failure.TIMEOUT),
        ("net::ERR_CONNECTION_RESET", Failure.CONNECT),
        ("net::ERR_TUNNEL_CONNECTION_FAILED", Failure.CONNECT),
        ("net::ERR_UNSAFE_PORT", Failure.REFUSED),
        ("net::ERR_EMPTY_RESPONSE", Failure.PROTOCOL),
        ("net::ERR_NETWORK_CHANGED", Failure.BROWSER),
    ],
)
def test_each_network_error_is_a_failure_with_a_name(error: str, failure: Failure) -> None:
    told_of = told(f"Page.goto: {error} at http://portal.example/\nCall log:\n  - navigating")
    assert told_of == (failure, error.removeprefix("net::"))


def test_an_error_without_a_code_keeps_its_first_line() -> None:
    assert told("Page.goto: Page crashed\nCall log:") == (Failure.CRASH, "Page.goto: Page crashed")
    assert told("") == (Failure.PROTOCOL, "failed")
