from pathlib import Path

import pytest

from defacewatch.channels import build_channels, kinds_taken
from defacewatch.config import fingerprint, load
from defacewatch.notify.gateway import Success
from tests.config.conftest import Problems

GATEWAY = """\
alerts:
  webhooks:
    - name: sms
      url: https://sms.example.vn/send
      per: officer
      headers: {Authorization: "Bearer {{ secret.SMS_KEY }}", X-Id: "{{ id }}"}
      body: |
        {"to": {{ phone|international|tojson }},
         "text": {{ subject|sms(160)|tojson }}}
      success: {pointer: /code, values: ["100"], refused: [102]}
      receipt: /id
"""
ROSTER = """\
officers:
  - {key: an, name: An, email: an@example.gov.vn, phone: 0900000001}
  - {key: binh, name: Binh, email: binh@example.gov.vn}
outside:
  - {key: a05, name: A05, phone: 0900000002}
"""
SECRET = {"DEFACEWATCH_GATEWAY_SMS_KEY": "hunter2"}


def test_a_gateway_is_a_channel_of_whoever_has_a_number(folder: Path) -> None:
    (folder / "defacewatch.yaml").write_text(GATEWAY)
    (folder / "roster.yaml").write_text(ROSTER)
    settings = load(folder, SECRET)
    (hook,) = settings.alerts.webhooks
    request = hook.request()
    assert (hook.channel, hook.secrets) == ("gateway:sms", frozenset({"SMS_KEY"}))
    assert request.success == Success("/code", frozenset({"100"}), frozenset({"102"}))
    assert (request.method, request.content_type, request.receipt) == ("POST", "application/json", "/id")
    assert [officer.channels for officer in (*settings.roster.officers, *settings.roster.outside)] == [
        ("email", "gateway:sms"),
        ("email",),
        ("gateway:sms",),
    ]
    assert list(build_channels(settings)) == ["gateway:sms"]


def test_a_webhook_may_be_for_some_kinds_of_alerts(folder: Path) -> None:
    (folder / "defacewatch.yaml").write_text(
        GATEWAY.replace("per: officer", "per: officer\n      for: [defaced, handover-open]")
        + "    - {name: siem, url: 'https://siem.vn/', for: [defaced]}\n"
        + "    - {name: all, url: 'https://all.vn/'}\n"
    )
    settings = load(folder, SECRET)
    assert kinds_taken(settings) == {
        "gateway:sms": frozenset({"defaced", "handover-open"}),
        "webhook:siem": frozenset({"defaced"}),
    }


def test_a_gateway_without_its_secret_is_off_and_says_what_it_lacks(folder: Path) -> None:
    (folder / "defacewatch.yaml").write_text(GATEWAY)
    settings = load(folder, {})
    assert settings.channels_off["gateway:sms"] == "DEFACEWATCH_GATEWAY_SMS_KEY is not given"
    assert build_channels(settings) == {}


def test_a_gateway_s_secret_may_lie_in_a_file_and_shows_nowhere(folder: Path, problems: Problems) -> None:
    (folder / "defacewatch.yaml").write_text(GATEWAY)
    (folder / "key").write_text("hunter2\n")
    settings = load(folder, {"DEFACEWATCH_GATEWAY_SMS_KEY_FILE": str(folder / "key")})
    assert settings.gateway_secrets == {"SMS_KEY": "hunter2"}
    assert "hunter2" not in f"{settings!r} {settings.alerts!r}"
    (problem,) = problems({"DEFACEWATCH_GATEWAY_SMS_KEY_FILE": "/nowhere"})
    assert problem.startswith("DEFACEWATCH_GATEWAY_SMS_KEY_FILE: /nowhere cannot be read")


def test_a_body_may_lie_in_a_file_of_its_own(folder: Path, problems: Problems) -> None:
    text = "alerts:\n  webhooks:\n    - {name: chat, url: 'https://chat.vn/', body_file: chat.json}\n"
    (problem,) = problems(defacewatch=text)
    assert problem.startswith("webhooks/chat.json: cannot be read (No such file")
    (folder / "webhooks").mkdir()
    body = folder / "webhooks" / "chat.json"
    body.write_text('{"text": "{{ text }}"}')
    (problem,) = problems()
    assert problem.startswith(
        "defacewatch.yaml:3: alerts.webhooks[0].body_file: chat.json: expected JSON once it is filled in"
    )
    before = fingerprint(folder)
    body.write_text('{"text": {{ text|tojson }}}')
    assert fingerprint(folder) != before
    (hook,) = load(folder, {}).alerts.webhooks
    assert (hook.channel, hook.body) == ("webhook:chat", '{"text": {{ text|tojson }}}')


@pytest.mark.parametrize(
    ("keys", "where", "expected"),
    [
        ("body: '{{ txt }}'", ".body", "no field 'txt' (line 1); expected one of id, kind"),
        ("body: '{{ text'", ".body", "expected a template; its line 1: unexpected end"),
        ("body: '{\"a\": {{ text }}}'", "", "expected JSON once it is filled in"),
        ("body: ''", ".body", "expected a template of at most"),
        ("body: x, body_file: y, content_type: text/plain", "", "expected body or body_file, not both"),
        ("per: officer", "", "expected body or body_file beside per"),
        ("body_file: ../../etc/passwd", ".body_file", "expected the name of a file in webhooks/"),
        ("for: [hacked]", ".for[0]", "expected one of defaced, changed, unreachable"),
        ("for: []", ".for", "expected at least one item"),
        ("per: team", ".per", "expected one of alert, officer, not 'team'"),
        ("method: GET", ".method", "expected one of POST, PUT, not 'GET'"),
        ("content_type: json", ".content_type", "expected a type such as application/json"),
        ("receipt: data.id", ".receipt", "expected a JSON pointer such as /data/id, not 'data.id'"),
        ("success: {pointer: code, values: ['1']}", ".success.pointer", "expected a JSON pointer"),
        ("success: {pointer: /code, values: []}", ".success.values", "expected at least one item"),
        ("headers: [a]", ".headers", "expected headers and their values, as keys and values"),
        ("headers: 'Authorization: Bearer hunter2'", ".headers", "expected headers and their values"),
        ("headers: {Host: x}", ".headers", "expected names of headers (letters, digits and -) other than"),
        ("headers: {'a b': x}", ".headers", "expected names of headers (letters, digits and -) other than"),
        ("headers: {X-Id: '{{ no }}'}", ".headers", "no field 'no'"),
        (
            "headers: {Authorization: 'Bearer hunter2'}",
            ".headers",
            "expected {{ secret.NAME }} in Authorization: secrets come from the environment",
        ),
        ("headers: {X-Api-Key: hunter2}", ".headers", "expected {{ secret.NAME }} in X-Api-Key"),
    ],
)
def test_what_is_wrong_with_a_gateway_is_one_line_without_what_is_secret(
    problems: Problems, keys: str, where: str, expected: str
) -> None:
    text = f"alerts:\n  webhooks:\n    - {{name: sms, url: 'https://x.vn/', {keys}}}\n"
    (problem,) = problems(defacewatch=text)
    assert problem.startswith(f"defacewatch.yaml:3: alerts.webhooks[0]{where}: {expected}")
    assert "hunter2" not in problem
