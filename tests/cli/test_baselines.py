from tests.cli.conftest import Shell
from tests.site import DEFACED, USUAL


def test_a_proposal_is_listed_approved_and_kept_in_the_history(learned: Shell) -> None:
    (proposal,) = learned.run("baseline", "list", "--json").lines
    assert (proposal["proposed_by"], proposal["attack"]) == ("an", False)
    done = learned.run("baseline", "approve", proposal["id"], "--by", "binh", "--reason", "lần đầu")
    assert done.code == 0
    assert learned.run("baseline", "list", "--json").lines == []
    (entry,) = learned.run("baseline", "history", proposal["page"], "--json").lines
    assert (entry["by"], entry["reason"], entry["capture"]) == ("binh", "lần đầu", proposal["id"])
    (shown,) = learned.run("baseline", "show", proposal["page"], "--json").lines
    assert shown["approved"]


def test_a_critical_portal_needs_a_second_person(shell: Shell) -> None:
    shell.portals[0]["critical"] = True
    shell.write()
    shell.run("learn", "--samples", "1", "--by", "an")
    (proposal,) = shell.run("baseline", "list", "--json").lines
    own = shell.run("baseline", "approve", proposal["id"], "--by", "an", "--reason", "x")
    assert own.code == 3
    assert "another person" in own.err
    assert shell.run("baseline", "approve", "--all-proposed", "--by", "an").code == 3
    assert shell.run("baseline", "approve", proposal["id"], "--by", "binh", "--reason", "x").code == 0


def test_on_a_critical_portal_a_person_has_one_name_and_is_an_officer(learned: Shell) -> None:
    learned.portals[0]["critical"] = True
    learned.write()
    (proposal,) = learned.run("baseline", "list", "--json").lines
    for name in ("Nguyễn  Văn An", "nguye\u0302\u0303n va\u0306n an", "AN@example.gov.vn", "a\u200bn"):
        own = learned.run("baseline", "approve", proposal["id"], "--by", name, "--reason", "x")
        assert (own.code, "an proposed capture" in own.err) == (3, True), name
    for command in (["propose"], ["approve", "--reason", "x"]):
        stranger = learned.run("baseline", *command, proposal["id"], "--by", "Lê Văn Lạ")
        assert stranger.code == 3
        assert stranger.err.count("\n") == 1
        assert "--by must name an officer" in stranger.err
    assert learned.run("baseline", "approve", "--all-proposed", "--by", "Lê Văn Lạ").code == 3
    other = learned.run("baseline", "approve", proposal["id"], "--by", "trần thị bình", "--reason", "x")
    assert other.code == 0
    (entry,) = learned.run("baseline", "history", proposal["page"], "--json").lines
    assert (entry["by"], entry["reason"]) == ("binh", "x")


def test_without_a_roster_a_critical_portal_still_needs_two_names(shell: Shell) -> None:
    shell.portals[0]["critical"] = True
    shell.roster = {}
    shell.write()
    shell.run("learn", "--samples", "1", "--by", "An")
    (proposal,) = shell.run("baseline", "list", "--json").lines
    assert shell.run("baseline", "approve", proposal["id"], "--by", "an", "--reason", "x").code == 3
    assert shell.run("baseline", "approve", proposal["id"], "--by", "Bình", "--reason", "x").code == 0


def test_approving_the_new_look_resolves_the_incident_as_legitimate(approved: Shell) -> None:
    approved.site.show(DEFACED)
    (line,) = approved.run("check", "--render", "--json").lines
    done = approved.run("baseline", "approve", line["capture"], "--by", "binh", "--reason", "diễn tập")
    assert done.code == 0
    (incident,) = approved.run("incidents", "list", "--state", "resolved", "--json").lines
    assert incident["resolved_as"] == "legitimate"
    after = approved.run("check", "--render", "--json").lines[0]
    assert (after["verdict"], after["score"]) == ("clean", 0.0)


def test_also_adds_a_look_and_keeps_the_one_before(approved: Shell) -> None:
    night = USUAL.replace("#b71c1c", "#111111").replace("Tin mới", "Chế độ ban đêm")
    approved.site.show(night)
    (line,) = approved.run("check", "--render", "--json").lines
    approved.run("baseline", "approve", line["capture"], "--also", "--by", "binh", "--reason", "ban đêm")
    for look in (USUAL, night):
        approved.site.show(look)
        assert approved.run("check", "--render", "--json").lines[0]["score"] == 0


def test_approval_says_what_it_needs(shell: Shell) -> None:
    assert shell.run("baseline", "approve").code == 2
    assert shell.run("baseline", "approve", "x", "--all-proposed").code == 2
    assert "--reason" in shell.run("baseline", "approve", "x").err
    assert shell.run("baseline", "approve", "x", "--reason", "y").code == 3
