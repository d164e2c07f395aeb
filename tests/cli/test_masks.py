from tests.cli.conftest import Shell

BOX = ("--left", "10", "--top", "50", "--width", "100", "--height", "60")


def test_a_mask_is_added_listed_and_removed(approved: Shell) -> None:
    (page,) = approved.run("baseline", "show", "tinh", "--json").lines
    blocks = approved.run("masks", "blocks", "tinh", "--json").lines
    assert "html/body/footer" in [line["block"] for line in blocks]
    options = ("--reason", "Băng rôn", "--days", "7", "--block", "html/body/footer", "--by", "an")
    done = approved.run("masks", "add", "tinh", *BOX, *options)
    assert (done.code, done.out) == (0, f"mask 1 of {page['page']}: 0,40 160x80\n")
    (line,) = approved.run("masks", "list", "--json").lines
    assert (line["state"], line["left"], line["height"], line["by"]) == ("applied", 0, 80, "an")
    assert line["blocks"] == ["html/body/footer"]
    assert approved.run("check", "--render", "--explain").code == 0
    assert approved.run("masks", "remove", "1", "--by", "binh").code == 0
    assert approved.run("masks", "list", "tinh", "--json").lines == []
    (line,) = approved.run("masks", "list", "--all", "--json").lines
    assert (line["state"], line["ended_by"]) == ("ended", "binh")
    again = approved.run("masks", "remove", "1", "--by", "binh")
    assert (again.code, again.err) == (3, "defacewatch: This mask is over already.\n")


def test_of_a_critical_portal_another_officer_confirms_it(approved: Shell) -> None:
    approved.portals[0]["critical"] = True
    approved.write()
    assert approved.run("masks", "add", "tinh", *BOX, "--reason", "x", "--by", "lạ").code == 3
    assert approved.run("masks", "add", "tinh", *BOX, "--reason", "x", "--by", "an").code == 0
    (line,) = approved.run("masks", "list", "--json").lines
    assert line["state"] == "waiting"
    assert approved.run("masks", "confirm", "1", "--by", "Nguyễn Văn An").code == 3
    assert approved.run("masks", "confirm", "1", "--by", "binh").code == 0
    (line,) = approved.run("masks", "list", "--json").lines
    assert (line["state"], line["confirmed_by"]) == ("applied", "binh")


def test_a_mask_over_most_of_the_screen_is_refused(approved: Shell) -> None:
    whole = ("--left", "0", "--top", "0", "--width", "1280", "--height", "800")
    refused = approved.run("masks", "add", "tinh", *whole, "--reason", "x", "--by", "an")
    assert refused.code == 2
    assert "40 % of the first screen" in refused.err
    assert approved.run("masks", "add", "tinh", *BOX, "--reason", "x", "--days", "91").code == 2
    assert approved.run("masks", "list", "--all", "--json").lines == []
