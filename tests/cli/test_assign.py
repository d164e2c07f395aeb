from tests.cli.conftest import Shell
from tests.site import DEFACED


def test_an_incident_is_assigned_and_a_proposal_turned_down(approved: Shell) -> None:
    approved.site.show(DEFACED)
    (line,) = approved.run("check", "--render", "--json").lines
    number = str(line["incident"])
    assert approved.run("incidents", "assign", number, "nobody", "--by", "an").code == 2
    done = approved.run("incidents", "assign", number, "Trần Thị Bình", "--by", "an")
    assert (done.code, "assigned to binh by an" in done.out) == (0, True)
    (incident,) = approved.run("incidents", "list", "--json").lines
    assert (incident["state"], incident["acknowledged_by"]) == ("acknowledged", "binh")
    assert approved.run("incidents", "assign", number, "binh", "--by", "an").code == 3
    capture = line["capture"]
    assert approved.run("baseline", "propose", capture, "--by", "an").code == 0
    assert approved.run("baseline", "decline", capture, "--by", "binh").code == 2
    turned = approved.run("baseline", "decline", capture, "--by", "binh", "--reason", "tấn công")
    assert turned.code == 0
    assert approved.run("baseline", "list", "--json").lines == []
