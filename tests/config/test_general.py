from datetime import timedelta
from pathlib import Path

import pytest

from defacewatch.accounts import Role
from defacewatch.config import load
from defacewatch.config.fields import Listen, read_duration, write_duration
from defacewatch.identities import Trust
from defacewatch.reports.form import Issuer
from tests.config.conftest import Problems


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("30s", 30),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("90 s", 90),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)
    assert read_duration(write_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "30", "s", "-5s", "1w", "10 minutes", "1h30m", "1e9s", "367d", "999999999d", "٣٠s", "NaNs"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 30s"):
        read_duration(text)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("watch.probe_every", "30", "a duration such as 30s"),
        ("watch.probe_every", "-30s", "a duration such as 30s"),
        ("watch.probe_every", "0s", "at least 1s, not '0s'"),
        ("watch.probe_every", "[30s]", "a duration such as 30s, 10m, 2h or 1d, not a list"),
        ("watch.timeout", "500ms", "at least 1s"),
        ("watch.timezone", "Saigon", "a time zone such as Asia/Ho_Chi_Minh, not 'Saigon'"),
        ("watch.timezone", "../../etc/passwd", "a time zone"),
        ("watch.timezone", "''", "a time zone"),
        ("watch.browsers", "0", "a whole number from 1 to 32, not '0'"),
        ("watch.browsers", "two", "a whole number from 1 to 32, not 'two'"),
        ("watch.browsers", "1.5", "a whole number"),
        ("watch.allow_networks", "127.0.0.0/8", "a list, not '127.0.0.0/8'"),
        (
            "watch.allow_networks",
            "[10.0.0.1/8]",
            "a network such as 127.0.0.0/8 or fd00::/8, without host bits",
        ),
        ("watch.allow_networks", "[10.0.0.0/33]", "a network such as"),
        ("watch.allow_networks", "[[]]", "a network such as 127.0.0.0/8, not a list"),
        ("watch.canaries", "[gov.vn]", "an http:// or https:// URL without user name, not 'gov.vn'"),
        ("watch", "[]", "keys and values, not a list"),
        ("watch", "fast", "keys and values, not 'fast'"),
        ("alerts.language", "fr", "one of vi, en, not 'fr'"),
        ("alerts.telegram.api_url", "'http://[::1'", "an http:// or https:// URL"),
        ("alerts.telegram.proxy", "ftp://x:1", "a proxy such as http://10.0.0.1:3128"),
        ("alerts.telegram.proxy", "socks5://x:99999", "a proxy such as"),
        ("alerts.email.port", "0", "a whole number from 1 to 65535"),
        ("alerts.email.security", "ssl", "one of none, starttls, tls, not 'ssl'"),
        ("alerts.email.sender", "nobody", "an e-mail address such as an@example.gov.vn, not 'nobody'"),
        ("alerts.email.host", "''", "one line of text"),
        ("web.listen", "8080", "an address and port such as 127.0.0.1:8080"),
        ("web.listen", "127.0.0.1:99999", "an address and port"),
        ("web.listen", "'::1:8080'", "an address and port"),
        ("web.listen", "256.0.0.1:80", "an address and port"),
        ("web.public_url", "https://user:pw@x.vn", "an http:// or https:// URL without user name"),
        ("web.metrics.enabled", "maybe", "true or false, not 'maybe'"),
        ("retention.evidence_days", "0", "a whole number from 1 to 36500"),
        ("retention.evidence_max_gb", "0", "a number above 0"),
        ("retention.evidence_max_gb", "nan", "a number above 0"),
        ("store.url", "mysql://x/y", "sqlite+aiosqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"),
        ("store.url", "sqlite+aiosqlite://", "sqlite+aiosqlite:///FILE"),
        ("store.url", "postgresql+psycopg://x@db", "sqlite+aiosqlite:///FILE"),
        ("store.url", "data/x.db", "sqlite+aiosqlite:///FILE"),
        ("store.evidence", "[a]", "the path of a folder"),
    ],
)
def test_a_wrong_value_is_one_line_with_what_was_expected(
    problems: Problems, key: str, value: str, expected: str
) -> None:
    *above, last = key.split(".")
    text = "".join(f"{'  ' * depth}{name}:\n" for depth, name in enumerate(above))
    (problem,) = problems(defacewatch=f"{text}{'  ' * len(above)}{last}: {value}\n")
    place = f"{key}[0]" if key in ("watch.allow_networks", "watch.canaries") and value[0] == "[" else key
    assert problem.startswith(f"defacewatch.yaml:{len(above) + 1}: {place}: expected {expected}")


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://u:hunter2@db/x", "postgresql+psycopg://u@db/x?password=hunter2"]
)
def test_a_password_in_the_stores_url_is_refused_and_not_repeated(problems: Problems, url: str) -> None:
    assert problems(defacewatch=f"store:\n  url: {url}\n") == [
        "defacewatch.yaml:2: store.url: carries a password; expected it in DEFACEWATCH_STORE_PASSWORD"
    ]


@pytest.mark.parametrize("evidence", ["baselines", "baselines/evidence", "./x/../baselines", "."])
def test_baselines_and_evidence_are_kept_apart(problems: Problems, evidence: str) -> None:
    (problem,) = problems(defacewatch=f"store:\n  evidence: {evidence}\n")
    assert problem == (
        "defacewatch.yaml:1: store: expected baselines and evidence in two folders, neither inside the other"
    )


@pytest.mark.parametrize(
    ("where", "near", "known"),
    [
        ("watch.probe_evry", "probe_every", "timezone, probe_every"),
        ("alerts.email.password", None, "host, port, security, user, sender"),
        ("alerts.telegram.token", None, "api_url, proxy"),
        ("web.metrics.enable", "enabled", "enabled"),
    ],
)
def test_an_unknown_key_names_those_that_are_known(
    problems: Problems, where: str, near: str | None, known: str
) -> None:
    *above, last = where.split(".")
    text = "".join(f"{'  ' * depth}{name}:\n" for depth, name in enumerate(above))
    (problem,) = problems(defacewatch=f"{text}{'  ' * len(above)}{last}: 1\n")
    hint = f" (did you mean {near}?)" if near else ""
    assert problem.startswith(
        f"defacewatch.yaml:{len(above) + 1}: {where}: unknown key{hint}; expected one of {known}"
    )


def test_an_unknown_key_in_a_list_names_those_that_are_known(problems: Problems) -> None:
    (problem,) = problems(
        defacewatch="alerts:\n  webhooks:\n    - name: siem\n      url: https://x.vn/\n      key: 1\n"
    )
    assert problem == (
        "defacewatch.yaml:5: alerts.webhooks[0].key: unknown key; expected one of name, url, for, per, body,"
        " body_file, content_type, method, headers, success, receipt"
    )


def test_two_webhooks_of_one_name_are_refused(problems: Problems) -> None:
    (problem,) = problems(
        defacewatch="alerts:\n  webhooks:\n"
        "    - {name: siem, url: 'https://a.vn/'}\n    - {name: siem, url: 'https://b.vn/'}\n"
    )
    assert (
        problem == "defacewatch.yaml:4: alerts.webhooks[1].name: 'siem' is on line 3 already; expected once"
    )


def test_every_key_is_read(folder: Path) -> None:
    (folder / "defacewatch.yaml").write_text(
        """\
store: {url: "postgresql+psycopg://defacewatch@db:5433/watch", baselines: /srv/b, evidence: /srv/e}
watch:
  timezone: UTC
  probe_every: 15s
  revalidate_every: 5m
  render_every: 1h
  confirm_after: 0s
  timeout: 20s
  browsers: 4
  allow_networks: [127.0.0.0/8, "fd00::/8"]
  canaries: [https://www.gov.vn]
alerts:
  language: en
  telegram: {api_url: "http://127.0.0.1:8081/", proxy: "socks5://10.0.0.1:1080"}
  email: {host: mail.example.gov.vn, port: 587, security: starttls, user: watch, sender: watch@example.gov.vn}
  webhooks: [{name: siem, url: "https://SIEM.example.gov.vn:443/hooks/1"}]
web: {listen: "[::1]:9090", public_url: "https://watch.example.gov.vn/", metrics: {enabled: off}}
retention: {evidence_days: 30, evidence_max_gb: 0.5}
"""
    )
    settings = load(folder, {})
    assert settings.store.url == "postgresql+psycopg://defacewatch@db:5433/watch"
    assert (settings.store.baselines, settings.store.evidence) == (Path("/srv/b"), Path("/srv/e"))
    assert settings.secret_key_file == Path("/srv/secret.key")
    watch = settings.watch
    assert str(watch.timezone) == "UTC"
    assert settings.roster.zone.key == "UTC"
    assert watch.confirm_after == timedelta(0)
    assert (watch.probe_every, watch.timeout) == (timedelta(seconds=15), timedelta(seconds=20))
    assert (watch.revalidate_every, watch.render_every) == (timedelta(minutes=5), timedelta(hours=1))
    assert watch.browsers == 4
    assert watch.allow_networks == ("127.0.0.0/8", "fd00::/8")
    assert watch.canaries == ("https://www.gov.vn/",)
    assert settings.alerts.language == "en"
    assert settings.alerts.telegram.api_url == "http://127.0.0.1:8081"
    assert settings.alerts.telegram.proxy == "socks5://10.0.0.1:1080"
    mail = settings.alerts.email
    assert (mail.host, mail.port, mail.security, mail.user) == (
        "mail.example.gov.vn",
        587,
        "starttls",
        "watch",
    )
    assert mail.sender == "watch@example.gov.vn"
    assert settings.alerts.webhooks[0].url == "https://siem.example.gov.vn/hooks/1"
    assert settings.web.listen == Listen("::1", 9090)
    assert settings.web.public_url == "https://watch.example.gov.vn"
    assert not settings.web.metrics.enabled
    assert settings.retention.max_age == timedelta(days=30)
    assert settings.retention.max_bytes == 500_000_000


def test_who_issues_reports_is_read_and_left_blank_where_it_is_not_said(folder: Path) -> None:
    assert load(folder, {}).report.issued() == Issuer()
    (folder / "defacewatch.yaml").write_text(
        "report:\n  authority: Sở KH&CN\n  issuer: Trung tâm\n  place: Sông Hồng\n  symbol: TTGS\n"
        "  signer_title: GIÁM ĐỐC\n  signer: Đức\n  recipients: [UBND tỉnh, Công an tỉnh]\n"
    )
    assert load(folder, {}).report.issued() == Issuer(
        "Sở KH&CN", "Trung tâm", "Sông Hồng", "TTGS", "GIÁM ĐỐC", "Đức", ("UBND tỉnh", "Công an tỉnh")
    )


def test_an_unknown_key_of_reports_is_refused(problems: Problems) -> None:
    assert problems(defacewatch="report: {isuer: x}\n") == [
        "defacewatch.yaml:1: report.isuer: unknown key (did you mean issuer?); expected one of authority,"
        " issuer, place, symbol, signer_title, signer, recipients"
    ]


OIDC = "web: {oidc: {issuer: %s, client_id: defacewatch%s}}"


def test_a_sign_in_service_is_read_and_there_is_none_where_it_is_not_said(folder: Path) -> None:
    assert load(folder, {}).web.for_app()["oidc"] is None
    more = ", role_claim: groups, roles: {soc: officer}, most: approver, second_factor: [mfa]"
    more += ", deny_unmatched: true"
    (folder / "defacewatch.yaml").write_text(OIDC % ("https://sso.example.gov.vn/realms/tinh/", more))
    settings = load(folder, {"DEFACEWATCH_OIDC_CLIENT_SECRET": "hunter2"})
    trust = settings.web.for_app()["oidc"]
    assert trust == Trust(
        "https://sso.example.gov.vn/realms/tinh/",
        "defacewatch",
        role_claim="groups",
        roles={"soc": Role.OFFICER},
        most=Role.APPROVER,
        second_factor=("mfa",),
        deny_unmatched=True,
    )
    assert settings.secrets.oidc_client_secret == "hunter2"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("issuer", "more", "expected"),
    [
        ("http://sso.example.gov.vn", "", "an https:// URL"),
        ("https://sso.example.gov.vn?x", "", "an https:// URL"),
        ("https://sso.example.gov.vn", ", role_claim: groups", "role_claim and roles together"),
        ("https://sso.example.gov.vn", ", role_claim: groups, roles: {a: boss}", "one of viewer, officer"),
        ("https://sso.example.gov.vn", ", secret: x", "secret"),
    ],
)
def test_a_sign_in_service_that_could_not_be_trusted_is_refused(
    problems: Problems, issuer: str, more: str, expected: str
) -> None:
    (problem,) = problems(defacewatch=OIDC % (issuer, more))
    assert expected in problem


def test_a_confirmation_takes_no_longer_than_a_check_may(folder: Path, problems: Problems) -> None:
    (problem,) = problems(defacewatch="watch: {confirm_after: 301s}\n")
    assert "watch.confirm_after: expected at most 5m" in problem
    (folder / "defacewatch.yaml").write_text("watch: {confirm_after: 5m}\n")
    assert load(folder, {}).watch.confirm_after == timedelta(minutes=5)
