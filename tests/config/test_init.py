import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from defacewatch.config import Settings, fingerprint, load
from defacewatch.config.duty import RosterFile
from defacewatch.config.environment import Secrets
from defacewatch.config.fields import Listen
from defacewatch.config.general import General
from defacewatch.config.problems import every_key
from defacewatch.config.registry import Registry
from defacewatch.errors import ConfigError
from defacewatch.portals import Page, Portal, Source, page_id
from defacewatch.roster import DEFAULT_STEPS, Roster, raised
from defacewatch.shifts import gaps
from tests.config.conftest import Problems

ROOT = Path(__file__).parents[2]


def test_portals_alone_are_a_configuration(folder: Path) -> None:
    settings = load(folder, {})
    url = "https://hungyen.gov.vn/"
    assert settings == Settings(
        portals=(
            Portal(
                "hungyen",
                "Cổng Thông tin điện tử tỉnh Hưng Yên",
                pages=(Page(page_id("hungyen", url), "hungyen", url),),
            ),
        )
    )
    assert settings.portals[0].source is Source.FILE
    assert settings.roster == Roster(escalation=DEFAULT_STEPS, zone=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert settings.watch.probe_every == timedelta(seconds=30)
    assert settings.watch.confirm_after == timedelta(seconds=10)
    assert settings.store.url == "sqlite+aiosqlite:///data/defacewatch.db"
    assert settings.retention.max_age == timedelta(days=365)
    assert settings.retention.max_bytes == 20_000_000_000
    assert settings.secret_key_file == Path("data/secret.key")


def test_files_without_keys_mean_the_defaults(folder: Path) -> None:
    before = load(folder, {})
    (folder / "defacewatch.yaml").write_text("# nothing yet\nwatch:\nalerts: {telegram: null}\n")
    (folder / "roster.yaml").write_text("")
    assert load(folder, {}) == before


def test_a_portals_file_without_portals_watches_nothing(folder: Path) -> None:
    (folder / "portals.yaml").write_text("portals:\n")
    assert load(folder, {}).portals == ()


def test_the_shipped_examples_are_valid_without_any_secret() -> None:
    settings = load(ROOT / "config", {})
    assert [portal.key for portal in settings.portals] == ["hungyen", "dichvucong", "skhcn"]
    assert set(settings.channels_off) == {"telegram", "email"}
    assert settings.watch == Settings().watch
    assert settings.alerts == Settings().alerts
    assert settings.web == Settings().web
    assert settings.store == Settings().store
    assert settings.retention == Settings().retention
    assert settings.report == Settings().report


def test_the_shipped_roster_has_somebody_on_duty_at_any_time() -> None:
    roster = load(ROOT / "config", {}).roster
    assert gaps(roster, datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)) == ()


@pytest.mark.parametrize("day", [datetime(2027, 2, 6, tzinfo=UTC), datetime(2027, 9, 2, tzinfo=UTC)])
def test_the_shipped_roster_raises_the_watch_on_holidays(day: datetime) -> None:
    watch = raised(load(ROOT / "config", {}).roster, day)
    assert watch is not None
    assert watch.probe_every == timedelta(seconds=15)


def test_every_key_is_documented_and_nothing_else_is() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    documented = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    models = (General, Registry, RosterFile)
    keys = [key for model in models for key in every_key(model)]
    secrets = [f"DEFACEWATCH_{name.upper()}" for name in Secrets.__dataclass_fields__]
    others = ["DEFACEWATCH_CONFIG", "DEFACEWATCH_LISTEN", "DEFACEWATCH_BROWSER", "DEFACEWATCH_GATEWAY_…"]
    assert sorted(documented) == sorted(keys + secrets + others)


def test_all_problems_of_all_files_are_said_at_once(problems: Problems) -> None:
    assert problems(
        {"DEFACEWATCH_SECRET_KEY": "short", "DEFACEWATCH_LISTEN": "everywhere"},
        defacewatch="wach: {}\nwatch:\n  probe_every: soon\n  timezone: Hung/Yen\n",
        portals="portals:\n  - key: A b\n    name: x\n    level: 9\n    pages: []\n",
        roster="officers:\n  - {key: an, name: An, role: boss}\nshifts:\n  - {officers: [binh]}\n",
    ) == [
        "defacewatch.yaml:1: wach: unknown key (did you mean watch?);"
        " expected one of store, watch, alerts, web, retention, report",
        "defacewatch.yaml:3: watch.probe_every: expected a duration such as 30s, 10m, 2h or 1d"
        " (at most 366d), not 'soon'",
        "defacewatch.yaml:4: watch.timezone: expected a time zone such as Asia/Ho_Chi_Minh, not 'Hung/Yen'",
        "portals.yaml:2: portals[0].key: expected lower-case letters, digits, '-', '_' or '.' (at most 64),"
        " such as 'hung-yen', not 'A b'",
        "portals.yaml:4: portals[0].level: expected a whole number from 1 to 5, not '9'",
        "portals.yaml:5: portals[0].pages: expected at least one item",
        "roster.yaml:2: officers[0].role: expected one of officer, shift_lead, leadership, admin, not 'boss'",
        "roster.yaml:4: shifts[0].from: is missing; expected a value",
        "roster.yaml:4: shifts[0].officers[0]: expected the key of an officer, not 'binh'",
        "roster.yaml:4: shifts[0].to: is missing; expected a value",
        "DEFACEWATCH_SECRET_KEY: expected at least 32 characters, such as `openssl rand -hex 32` prints",
        "DEFACEWATCH_LISTEN: expected an address and port such as 127.0.0.1:8080 or [::1]:8080,"
        " not 'everywhere'",
    ]


def test_a_missing_portals_file_is_one_line(problems: Problems, folder: Path) -> None:
    (folder / "portals.yaml").unlink()
    assert problems() == [
        "portals.yaml: cannot be read (No such file or directory); expected a readable file"
    ]


def test_a_folder_in_place_of_a_file_is_one_line(problems: Problems, folder: Path) -> None:
    (folder / "roster.yaml").mkdir()
    assert problems() == ["roster.yaml: cannot be read (Is a directory); expected a readable file"]


def test_a_link_that_leads_nowhere_is_not_a_file_left_out(problems: Problems, folder: Path) -> None:
    (folder / "roster.yaml").symlink_to(folder / "gone.yaml")
    assert problems() == ["roster.yaml: cannot be read (No such file or directory); expected a readable file"]


def test_a_configuration_folder_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere/portals.yaml: cannot be read") as caught:
        load(tmp_path / "nowhere", {})
    assert len(caught.value.problems) == 1


def test_the_environment_may_say_where_to_listen_and_which_browser_to_use(folder: Path) -> None:
    settings = load(
        folder, {"DEFACEWATCH_LISTEN": "0.0.0.0:8080", "DEFACEWATCH_BROWSER": "/usr/bin/chromium"}
    )
    assert settings.web.listen == Listen("0.0.0.0", 8080)
    assert settings.browser == "/usr/bin/chromium"


def test_settings_never_show_a_secret(folder: Path) -> None:
    (folder / "defacewatch.yaml").write_text(
        "alerts:\n"
        "  telegram: {proxy: 'socks5://user:hunter2@10.0.0.1:1080'}\n"
        "  webhooks: [{name: siem, url: 'https://siem.example.gov.vn/hunter2'}]\n"
    )
    settings = load(
        folder,
        {"DEFACEWATCH_TELEGRAM_TOKEN": "1:hunter2", "DEFACEWATCH_SECRET_KEY": "hunter2" * 8},
    )
    assert settings.secrets.telegram_token == "1:hunter2"
    assert settings.alerts.telegram.proxy == "socks5://user:hunter2@10.0.0.1:1080"
    assert "hunter2" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("general", "environ", "off"),
    [
        ("", {"DEFACEWATCH_TELEGRAM_TOKEN": "1:x"}, {"email"}),
        ("alerts: {email: {host: mail.example.gov.vn}}", {}, {"telegram"}),
        ("alerts: {email: {host: mail.example.gov.vn, user: x}}", {}, {"telegram", "email"}),
        (
            "alerts: {email: {host: mail.example.gov.vn, user: x}}",
            {"DEFACEWATCH_SMTP_PASSWORD": "x"},
            {"telegram"},
        ),
        (
            "alerts: {webhooks: [{name: siem, url: 'https://x.vn'}]}",
            {},
            {"telegram", "email", "webhook:siem"},
        ),
        (
            "alerts: {webhooks: [{name: siem, url: 'https://x.vn'}]}",
            {"DEFACEWATCH_WEBHOOK_SECRET": "x"},
            {"telegram", "email"},
        ),
    ],
)
def test_a_channel_without_its_secret_or_host_is_off(
    folder: Path, general: str, environ: dict[str, str], off: set[str]
) -> None:
    (folder / "defacewatch.yaml").write_text(general)
    assert set(load(folder, environ).channels_off) == off


def test_the_fingerprint_changes_with_the_files_and_only_with_them(folder: Path) -> None:
    first = fingerprint(folder)
    assert load(folder, {}).fingerprint == first == fingerprint(folder)
    (folder / "notes.txt").write_text("no configuration")
    (folder / "portals.yaml").touch()
    assert fingerprint(folder) == first
    (folder / "roster.yaml").write_text("")
    second = fingerprint(folder)
    (folder / "portals.yaml").write_text("portals: []")
    third = fingerprint(folder)
    (folder / "roster.yaml").unlink()
    assert len({first, second, third, fingerprint(folder)}) == 4
