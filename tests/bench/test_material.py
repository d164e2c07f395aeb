"""Which pages of a corpus are defacements, and which count as one."""

from pathlib import Path

import pytest

from bench.detect.material import Defacement, groups, key_of, strays, why_stray


def page(folder: Path, name: str, body: str, *, side: str = "fit", source: str = "modern") -> Defacement:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(body)
    return Defacement(name, key_of(name), source, side, file, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<title>Hacked by Mau</title><body>x</body>", None),
        ("<body>H4ck3d by Mau</body>", None),
        ("<script>document.write(unescape('%48%61%63%6B%65%64%20%62%79%20%4D%61%75'))</script>", None),
        ("<body>Happy birthday, grandmother</body>", "no-claim"),
        ("<body>" + "<a href='x'>deface page</a> " * 5 + "</body>", "link-index"),
    ],
)  # fmt: skip
def test_a_modern_page_without_a_claim_is_a_stray(tmp_path: Path, body: str, reason: str | None) -> None:
    assert why_stray(page(tmp_path, "a.html", body)) == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<title>Multiple Domains!</title><body>Mirror</body>", "note"),
        ("<body></body>", "empty"),
        ("<body><img src='lost.gif'></body>", "partial"),
        ("<body>all of this is mine from today on</body>", None),
    ],
)
def test_an_archived_page_is_a_stray_when_nothing_of_it_is_left(
    tmp_path: Path, body: str, reason: str | None
) -> None:
    assert why_stray(page(tmp_path, "index.html", body, source="archived")) == reason


def test_pages_of_one_make_are_one_group(tmp_path: Path) -> None:
    words = " ".join(f"word{n}" for n in range(60))
    alike = [page(tmp_path, f"{n}.html", f"<body><h1>{n}</h1><p>{words}</p></body>") for n in "ab"]
    other = page(tmp_path, "c.html", "<body><table><tr><td>quite another thing here</td></tr></table></body>")
    assert groups([*alike, other]) == [alike, [other]]


def test_strays_are_listed_by_key_with_a_known_reason() -> None:
    assert set(strays().values()) <= {"link-index", "no-claim", "note", "empty", "partial"}
    assert all(len(key) == 12 and int(key, 16) >= 0 for key in strays())
