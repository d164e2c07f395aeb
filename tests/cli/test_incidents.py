import json
import tarfile

from defacewatch.cli.common import user
from tests.cli.conftest import Shell
from tests.site import USUAL


def test_an_incident_is_listed_taken_once_and_restored_when_the_page_is_back(defaced: Shell) -> None:
    (line,) = defaced.run("incidents", "list", "--json").lines
    assert set(line) == {
        "id", "page", "portal", "url", "state", "verdict", "opened_at", "alerted_at", "acknowledged_by",
        "resolved_as", "campaign",
    }  # fmt: skip
    assert defaced.run("incidents", "acknowledge", "1", "--by", "an").code == 0
    second = defaced.run("incidents", "acknowledge", "1", "--by", "binh")
    assert second.code == 3
    assert "acknowledged by an" in second.err
    early = defaced.run("incidents", "resolve", "1", "--as", "restored", "--by", "an")
    assert early.code == 3
    defaced.site.show(USUAL)
    defaced.run("check", "--render")
    assert defaced.run("incidents", "resolve", "1", "--as", "restored", "--by", "an").code == 0
    assert defaced.run("incidents", "list", "--json").lines == []
    shown = defaced.run("incidents", "show", "1", "--json").lines[0]
    assert (shown["resolved_as"], shown["resolved_by"]) == ("restored", "an")
    assert [entry["event"] for entry in shown["timeline"]] == [
        "opened",
        "acknowledged",
        "calmed",
        "resolved",
    ]


def test_who_acts_is_kept_by_the_officers_key_with_the_user_of_the_system(defaced: Shell) -> None:
    assert defaced.run("incidents", "acknowledge", "1", "--by", "Nguyễn Văn An").code == 0
    done = defaced.run("incidents", "resolve", "1", "--as", "false-alarm", "--by", "khách")
    assert done.code == 0
    timeline = defaced.run("incidents", "show", "1", "--json").lines[0]["timeline"]
    acted = [(e["by"], e["via"]) for e in timeline if e["event"] in ("acknowledged", "resolved")]
    assert acted == [("an", f"cli:{user()}"), ("khách", f"cli:{user()}")]


def test_what_a_false_alarm_muted_is_listed_and_ended(defaced: Shell) -> None:
    assert defaced.run("incidents", "resolve", "1", "--as", "false-alarm", "--by", "an").code == 0
    muted = defaced.run("incidents", "mutes", "--json").lines
    assert {(line["by"], line["incident"], line["ends_at"]) for line in muted} == {("an", 1, None)}
    for line in muted:
        assert defaced.run("incidents", "mutes", "--end", str(line["id"]), "--by", "an").code == 0
    assert defaced.run("incidents", "mutes", "--json").lines == []


def test_an_export_holds_the_evidence_under_the_hashes_it_names(defaced: Shell) -> None:
    assert defaced.run("incidents", "export", "1", "--to", "proof.tar.gz").code == 0
    with tarfile.open(defaced.folder / "proof.tar.gz") as archive:
        names = {name.split("/")[1] for name in archive.getnames()}
        member = archive.extractfile("incident-1/incident.json")
        assert member is not None
        line = json.load(member)
    parts = ("served.html.txt", "dom.html.txt", "screen.png", "look.json")
    sides = {f"{side}-{part}" for side in ("before", "after") for part in parts}
    assert names == {"incident.json"} | sides
    assert line["after"]["screen_sha256"] != line["before"]["screen_sha256"]
    again = defaced.run("incidents", "export", "1", "--to", "proof.tar.gz")
    assert again.code == 2


def test_an_incident_that_does_not_exist_is_said(shell: Shell) -> None:
    said = shell.run("incidents", "show", "99")
    assert said.code == 3
    assert "99" in said.err


def test_a_campaign_is_named_by_its_code_and_an_unknown_one_is_said(defaced: Shell) -> None:
    unknown = defaced.run("incidents", "acknowledge", "DT-000007", "--by", "an")
    assert (unknown.code, "there is no campaign 7" in unknown.err) == (3, True)
    assert defaced.run("incidents", "list", "--campaign", "DT-000007", "--json").lines == []
    assert defaced.run("incidents", "list", "--campaign", "seven").code == 2
