import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from defacewatch.demo.botapi import BotApi
from defacewatch.handovers import Handover
from defacewatch.store import Store
from tests.cli.conftest import EVERY_DAY, Said, Shell


def test_portals_are_imported_exported_paused_and_conflicts_refused(shell: Shell) -> None:
    Path("more.csv").write_text(
        "key,name,owner,operator,level,critical,url\nso,Sở Y tế,,,2,false,http://127.0.0.1:9/\n", "utf-8"
    )
    assert shell.run("portals", "import", "more.csv").code == 0
    assert [line["key"] for line in shell.run("portals", "list", "--json").lines] == ["so", "tinh"]
    exported = shell.run("portals", "export").out
    assert "Sở Y tế" in exported
    Path("again.yaml").write_text(exported, "utf-8")
    assert shell.run("portals", "import", "again.yaml").code == 0
    Path("clash.csv").write_text("key,name,url\ntinh,Khác,http://127.0.0.1:9/x\n", "utf-8")
    assert shell.run("portals", "import", "clash.csv").code == 3
    assert shell.run("portals", "pause", "so", "--by", "an").code == 0
    assert {p["key"]: p["paused"] for p in shell.run("portals", "list", "--json").lines} == {
        "so": True,
        "tinh": False,
    }
    assert shell.run("portals", "resume", "so", "--by", "an").code == 0
    assert shell.run("portals", "import", "x.txt").code == 2
    Path("other.csv").write_text("key,name,tags,url\nso,Sở Y tế tỉnh,sở|y tế,http://127.0.0.1:9/\n", "utf-8")
    assert shell.run("portals", "import", "other.csv").code == 3
    assert "1 changed" in shell.run("portals", "import", "other.csv", "--change").out
    rows = shell.run("portals", "export", "--csv").out.splitlines()
    assert "so,Sở Y tế tỉnh,,,2,false,sở|y tế,http://127.0.0.1:9/" in rows


def test_who_is_on_duty_is_answered_for_any_time(shell: Shell) -> None:
    assert shell.run("roster", "on-duty", "--at", "2026-09-02T02:00", "--json").lines[0]["key"] == "an"
    assert len(shell.run("roster", "show", "--json").lines) == 2
    shell.roster["shifts"] = []
    shell.write()
    gap = shell.run("roster", "on-duty")
    assert gap.code == 3
    assert "shift lead" in gap.err
    assert shell.run("roster", "on-duty", "--at", "later").code == 2


def test_leave_and_swaps_are_entered_listed_and_withdrawn(shell: Shell) -> None:
    shell.roster = {
        "officers": [
            {"key": key, "name": key.title(), "email": f"{key}@example.gov.vn"}
            for key in ("an", "binh", "cuc")
        ],
        "shifts": [
            {"officers": ["an"], "days": EVERY_DAY, "from": "07:00", "to": "19:00", "name": "Ca ngày"},
            {"officers": ["binh"], "days": EVERY_DAY, "from": "19:00", "to": "07:00", "name": "Ca đêm"},
        ],
    }
    shell.general["alerts"] = {"email": {"host": "127.0.0.1"}}
    shell.write()
    span = ("--from", "2026-12-24", "--days", "1")
    assert [line["officers"] for line in shell.run("roster", "turns", *span, "--json").lines] == [
        ["binh"],
        ["an"],
        ["binh"],
    ]
    day = ("--from", "2026-12-24", "--to", "2026-12-24")
    assert shell.run("roster", "leave", "an", *day).code == 2
    silent = shell.run("roster", "leave", "an", *day, "--reason", " ")
    assert (silent.code, silent.err) == (2, "defacewatch: Say why: it is kept with the change.\n")
    entered = shell.run("roster", "leave", "an", *day, "--reason", "ốm", "--by", "Cuc")
    assert (entered.code, entered.out) == (0, "entered: 1\n")
    assert "note: 24/12/2026 07:00 – 24/12/2026 19:00: nobody is on duty" in entered.err
    assert shell.run("roster", "on-duty", "--at", "2026-12-24T08:00").code == 3
    faults = shell.run("roster", "check", *span, "--json")
    assert (faults.code, [line["fault"] for line in faults.lines]) == (3, ["gap"])
    assert shell.run("roster", "withdraw", "1", "--by", "cuc").out == "withdrawn: 1\n"
    again = shell.run("roster", "withdraw", "1", "--by", "cuc")
    assert (again.code, again.err) == (3, "defacewatch: absence 1 was withdrawn by cuc already\n")
    assert shell.run("roster", "check", *span).out == "no fault in 1 days\n"
    swap = ("roster", "swap", "an", "cuc", "--at", "2026-12-24T08:00", "--reason", "bận việc", "--by", "an")
    assert shell.run(*swap).out == "entered: 2\n"
    assert shell.run("roster", "on-duty", "--at", "2026-12-24T08:00", "--json").lines[0]["key"] == "cuc"
    taken = shell.run("roster", "swap", "binh", "cuc", "--at", "2026-12-24T08:00", "--reason", "x")
    assert (taken.code, taken.err) == (3, "defacewatch: binh has no duty at 2026-12-24 08:00\n")
    kept = shell.run("roster", "absences", "--json").lines
    assert [(line["by"], line["instead"], line["withdrawn_by"]) for line in kept] == [
        ("cuc", None, "cuc"),
        ("an", "cuc", None),
    ]
    calendar = shell.run("roster", "calendar", "--officer", "cuc", *span)
    assert calendar.out.count("BEGIN:VEVENT") == 1
    assert shell.run("roster", "leave", "lan", *day, "--reason", "x").code == 3
    late = ("--from", "tomorrow", "--to", "2026-12-24", "--reason", "x")
    assert shell.run("roster", "leave", "an", *late).code == 2


def test_a_drill_waits_for_an_answer_is_listed_and_leaves_nothing_open(shell: Shell) -> None:
    went = shell.run("drill", "tinh", "--wait", "1s", "--by", "an", "--json")
    assert went.code == 3
    assert "nobody has acknowledged the drill within 1s" in went.err
    (line,) = went.lines
    assert (line["portal"], line["acknowledged_by"]) == ("tinh", None)
    assert line["detected"] is not None
    assert shell.run("incidents", "list", "--json").lines == []
    assert [one["incident"] for one in shell.run("drills", "list", "--json").lines] == [line["incident"]]
    assert (line["shift"], line["officers"]) == ("00:00–00:00", ["an"])
    (shift, total) = shell.run("drills", "report", "--json").lines
    assert (shift["shift"], shift["drills"], shift["unacknowledged"], shift["acknowledged"]) == (
        "00:00–00:00",
        1,
        1,
        None,
    )
    assert (total["total"], total["detected"]) == (True, {"p50": line["detected"], "max": line["detected"]})
    today = line["began"][:10]
    assert shell.run("drills", "report", "--from", today).out.splitlines()[1].split("\t")[1] == "all"
    assert shell.run("drills", "report", "--month", "2020-02", "--json").lines == []
    assert shell.run("drills", "report", "--from", "2020-01-01", "--to", "2020-12-31", "--json").lines == []
    for wrong in (
        ("--month", "2020-13"),
        ("--month", "2020-02", "--from", "2020-01-01"),
        ("--to", "2020-01-01"),
        ("--from", "2020-01-02", "--to", "2020-01-01"),
        ("--from", "soon"),
    ):
        assert shell.run("drills", "report", *wrong).code == 2, wrong
    assert shell.run("drill", "tinh", "--wait", "soon").code == 2
    assert shell.run("drill", "other", "--wait", "1s").code == 3


def test_a_calendar_s_address_is_the_same_until_it_is_renewed(shell: Shell) -> None:
    first = shell.run("roster", "link", "an").out
    assert first.startswith("http://127.0.0.1:8080/calendar/an/")
    assert shell.run("roster", "link", "an").out == first
    assert shell.run("roster", "link", "an", "--renew").out != first
    assert "/calendar/_all/" in shell.run("roster", "link").out
    assert shell.run("roster", "link", "lan").code == 3


@pytest.mark.parametrize("broken", ["portals: [", "portals: []\nx: 1", "portals: 3"])
def test_a_broken_configuration_stops_every_command_with_file_and_line(shell: Shell, broken: str) -> None:
    (shell.folder / "config" / "portals.yaml").write_text(broken, "utf-8")
    for command in (["check"], ["run"], ["portals", "list"]):
        said = shell.run(*command)
        assert said.code == 2
        assert "portals.yaml:" in said.err
        assert "Traceback" not in said.err


def test_a_backup_is_restored_into_an_empty_store_and_checked(shell: Shell) -> None:
    shell.run("learn", "--samples", "1", "--by", "an")
    assert shell.run("db", "backup", "saved.tar.gz").code == 0
    assert shell.run("db", "check").code == 0
    shell.general["store"] = {
        "url": "sqlite+aiosqlite:///other/x.db",
        "baselines": "other/baselines",
        "evidence": "other/evidence",
    }
    shell.write()
    assert shell.run("db", "restore", "saved.tar.gz").code == 0
    assert len(shell.run("baseline", "list", "--json").lines) == 1
    assert shell.run("db", "restore", "saved.tar.gz").code == 3


def test_a_database_of_an_older_version_is_made_anew_once(shell: Shell) -> None:
    assert shell.run("portals", "list").code == 0
    with closing(sqlite3.connect("data/defacewatch.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
        database.execute("PRAGMA auto_vacuum=NONE")
        database.execute("VACUUM")
    said = shell.run("db", "vacuum")
    assert said.code == 0
    assert "shrinks by itself" in said.out + said.err
    with closing(sqlite3.connect("data/defacewatch.db")) as database:
        assert database.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert len(shell.run("portals", "list", "--json").lines) == 1


def test_the_doctor_names_what_fails(shell: Shell) -> None:
    said = shell.run("doctor", "--json")
    findings = {line["what"]: line for line in said.lines if line["ok"] is not None}
    assert said.code == 3
    assert findings["store"]["ok"]
    assert findings["browser"]["ok"], findings["browser"]
    assert not findings["channels"]["ok"]
    assert "channels" in said.err


async def test_a_test_alert_shows_the_receipt_of_each_channel(shell: Shell) -> None:
    async with BotApi() as api:
        shell.roster["officers"][0]["telegram_user"] = 1001
        shell.general["alerts"] = {"telegram": {"api_url": api.url}}
        shell.write()
        shell.monkeypatch.setenv("DEFACEWATCH_TELEGRAM_TOKEN", api.token)
        said = await _in_thread(shell, "alert", "test", "--to", "an", "--json")
    (line,) = said.lines
    assert (said.code, line["channel"], line["state"]) == (0, "telegram", "sent")
    assert line["receipt"]


async def _in_thread(shell: Shell, *words: str) -> Said:
    return await asyncio.to_thread(shell.run, *words)


def test_a_test_to_nobody_known_is_said(shell: Shell) -> None:
    assert shell.run("alert", "test", "--to", "khong-co").code == 3


def test_no_channel_for_an_officer_is_said(shell: Shell) -> None:
    said = shell.run("alert", "test", "--to", "an")
    assert said.code == 3
    assert "no channel" in said.err


def _handed(folder: Path, count: int) -> None:
    """So many changes of shift, eight hours apart, that tested An's e-mail and were not answered."""

    async def work() -> None:
        url = f"sqlite+aiosqlite:///{folder}/data/defacewatch.db"
        store = await Store.open(url, baselines=folder / "baselines", evidence=folder / "data" / "evidence")
        now = datetime.now(UTC)
        for ago in range(count, 0, -1):
            at = now - timedelta(hours=8 * ago)
            await store.handovers.begin(Handover(at, (), ("an",), {}), now=at, tests=(("an", "email"),))
        await store.close()

    asyncio.run(work())


def test_channels_that_nobody_proves_are_listed_and_named_by_the_doctor(shell: Shell) -> None:
    assert shell.run("alert", "tests", "--json").lines == []
    unknown = shell.run("alert", "received", "email", "--by", "an")
    assert (unknown.code, unknown.err) == (3, "defacewatch: no test of email was sent to an\n")
    _handed(shell.folder, 3)
    lines = shell.run("alert", "tests", "--json").lines
    assert [(line["officer"], line["channel"], line["state"]) for line in lines] == [
        ("an", "email", "unproved")
    ] * 3
    assert len(shell.run("alert", "tests", "--count", "1").out.splitlines()) == 1
    assert (
        "Nguyễn Văn An: email was not proved in their last 3 shifts (never proved"
        in _proofs(shell)[0]["text"]
    )
    assert shell.run("alert", "received", "email", "--by", "Nguyễn Văn An").code == 0
    newest = shell.run("alert", "tests", "--count", "1", "--json").lines[0]
    assert (newest["state"], newest["via"]) == ("proved", "cli")
    (finding,) = _proofs(shell)
    assert (finding["ok"], finding["text"]) == (
        True,
        "1 channels of officers who had duty, none without an answer in 3 shifts",
    )


def _proofs(shell: Shell) -> list[dict[str, Any]]:
    return [line for line in shell.run("doctor", "--json").lines if line["what"] == "channel tests"]
