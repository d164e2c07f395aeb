from tests.cli.conftest import Shell
from tests.site import DEFACED, USUAL, page


def approve_all(shell: Shell) -> None:
    assert shell.run("learn", "--samples", "1", "--by", "an").code == 0
    assert shell.run("baseline", "approve", "--all-proposed", "--by", "binh").code == 0


def test_from_registration_to_a_defacement_by_commands_alone(shell: Shell) -> None:
    (line,) = shell.run("check", "--json").lines
    assert (line["verdict"], line["portal"], line["url"]) == ("learning", "tinh", shell.site.url)
    approve_all(shell)
    shell.site.show(page("Tin mới nhất"))
    clean = shell.run("check", "--json")
    assert (clean.code, clean.lines[0]["verdict"]) == (0, "clean")
    shell.site.show(DEFACED)
    bad = shell.run("check", "--render", "--json")
    (line,) = bad.lines
    assert (bad.code, line["verdict"], line["tier"]) == (11, "defaced", "render")
    assert set(line) == {
        "page", "portal", "url", "at", "tier", "verdict", "score", "signals", "dom_hash", "screen_hash",
        "capture", "incident",
    }  # fmt: skip
    assert line["capture"]
    assert line["incident"] == 1
    kinds = {signal["kind"] for signal in line["signals"]}
    assert "deface-phrase" in kinds
    assert all(set(s) == {"kind", "severity", "points", "summary", "evidence"} for s in line["signals"])


def test_a_dry_run_leaves_no_incident(approved: Shell) -> None:
    approved.site.show(DEFACED)
    assert approved.run("check", "--dry-run").code == 11
    assert approved.run("incidents", "list", "--json").lines == []


def test_explain_prints_the_sum_behind_a_verdict(approved: Shell) -> None:
    approved.site.show(DEFACED)
    said = approved.run("check", "--explain", "--dry-run")
    assert "deface-phrase" in said.out
    assert "evidence of attack" in said.out


def test_a_page_that_is_already_defaced_is_said_and_left_out_of_the_first_approval(shell: Shell) -> None:
    shell.site.show(DEFACED)
    learned = shell.run("learn", "--samples", "1", "--json")
    assert learned.code == 3
    assert "evidence of attack" in learned.err
    assert learned.lines[0]["verdict"] == "defaced"
    approved = shell.run("baseline", "approve", "--all-proposed", "--by", "binh")
    assert approved.code == 3
    assert "evidence of attack" in approved.err


def test_an_unreachable_page_exits_12_and_learns_nothing(shell: Shell) -> None:
    shell.site.show("<h1>Service Unavailable</h1>", status=503)
    assert shell.run("check").code == 12
    learned = shell.run("learn", "--samples", "1")
    assert learned.code == 3
    assert "nothing to propose" in learned.err


def test_a_page_is_named_by_portal_id_or_url_and_nothing_else(shell: Shell) -> None:
    (line,) = shell.run("check", "--json").lines
    for word in ("tinh", line["page"], shell.site.url):
        assert shell.run("check", word, "--json").lines[0]["page"] == line["page"]
    unknown = shell.run("check", "khong-co")
    assert unknown.code == 3
    assert "khong-co" in unknown.err


def test_with_no_portal_one_line_says_what_to_do(shell: Shell) -> None:
    shell.portals = []
    shell.write()
    said = shell.run("check")
    assert said.code == 3
    assert "portals.yaml" in said.err


def test_markup_of_a_page_is_text_on_the_terminal(approved: Shell) -> None:
    approved.site.show(USUAL.replace("Cổng thông tin tỉnh", "[bold red]Hacked by \x1b[31mX[/]"))
    said = approved.run("check", "--render")
    assert "\x1b" not in said.out
