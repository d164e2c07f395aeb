"""Every kind of attack and of stress, made of a small portal page of our own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from selectolax.lexbor import LexborHTMLParser

from bench.detect.attacks import ATTACKS, replacements
from bench.detect.attacks.pictures import scene_picture
from bench.detect.scene import Answer, Kind, Scene
from bench.detect.stress import STRESS
from tests.compare.portal import portal

URL = "https://mau.gov.vn/"
EXTRA_HEAD = (
    '<link rel="icon" href="/static/anh/icon.png"><script>var cauHinh = {ngonNgu: "vi", co: 14};</script>'
)
CONTENT = """<div class="intro"><h2>Giới thiệu chung</h2>
<p>Tỉnh nằm ở trung tâm đồng bằng, có truyền thống văn hóa lâu đời, dân cư cần cù và nhiều làng nghề.</p>
<p>Kinh tế tăng trưởng đều trong nhiều năm, các khu công nghiệp thu hút hàng vạn lao động trong vùng.</p>
<img src="/static/anh/lon.png" alt=""><form action="/tim-kiem"><input name="q"></form></div>"""
SEEDS = range(5)
KINDS = (*ATTACKS, *STRESS)
IDS = [kind.name for kind in KINDS]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A page with everything that a kind could ask for: style sheet, font, scripts, pictures, icon, form."""
    folder = tmp_path_factory.mktemp("site")
    font = '@font-face{font-family:"chu";src:url("/static/chu.woff2")}'
    files = {
        "static/giaodien/chinh.css": f"{font}body{{color:#222}}".encode(),
        "static/chu.woff2": b"wOF2",
        "static/js/trang.js": b"document.documentElement.className = 'co-js';",
        "static/anh/quoc-huy.png": scene_picture(Random(1), 90, 90),
        "static/anh/lon.png": scene_picture(Random(2), 640, 320),
        "static/anh/icon.png": scene_picture(Random(3), 32, 32),
    }
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    page = portal(content=CONTENT, head=EXTRA_HEAD, end="<!-- hết -->")
    return Scene(URL, Answer(page.encode()), folder)


def steps(made: Scene | Sequence[Scene] | None) -> list[Scene]:
    if made is None:
        return []
    return [made] if isinstance(made, Scene) else list(made)


def answers(scene: Scene) -> dict[str, Answer]:
    """What a visitor can get: the page, and what goes before the folder."""
    return {"": scene.page, **scene.extra}


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_a_kind_changes_what_is_served(kind: Kind, scene: Scene) -> None:
    for seed in SEEDS:
        made = steps(kind.make(scene, Random(seed)))
        assert made, f"{kind.name} does not apply"
        assert all(answers(one) != answers(scene) for one in made)


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_a_kind_is_the_same_for_the_same_seed_and_varied_over_seeds(kind: Kind, scene: Scene) -> None:
    variants = set()
    for seed in range(8):
        made, again = (steps(kind.make(scene, Random(seed))) for _ in range(2))
        assert made == again
        variants.add(repr([answers(one) for one in made]))
    assert len(variants) > 1


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_a_kind_leaves_the_scene_as_it_was(kind: Kind, scene: Scene) -> None:
    page, extra = scene.page.body, {f"{URL}x.png": Answer(b"x", kind="image/png")}
    before = replace(scene, extra=extra)
    for one in steps(kind.make(before, Random(4))):
        assert f"{URL}x.png" in one.extra
        assert one.url == URL
    assert before.page.body == page
    assert before.extra == {f"{URL}x.png": Answer(b"x", kind="image/png")}


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
@pytest.mark.parametrize("body", [b"", b"<p>x", "<title>\u0110</title>".encode(), b"\xff\xfe<b>"])
def test_a_kind_says_none_where_it_does_not_apply_and_never_fails(kind: Kind, body: bytes) -> None:
    for seed in range(3):
        for one in steps(kind.make(Scene(URL, Answer(body)), Random(seed))):
            assert isinstance(one, Scene)


def test_kinds_have_names_of_their_own_and_no_replacement_mark() -> None:
    assert len(set(IDS)) == len(IDS)
    assert not [name for name in IDS if " #" in name]


def test_what_is_expected_fits_the_group() -> None:
    for kind in ATTACKS:
        assert kind.expect == ("defaced" if kind.group in ("hidden", "injected") else "changed")
    assert {kind.expect for kind in STRESS} == {"clean", "not-defaced", "unreachable"}


@pytest.mark.parametrize("kind", [k for k in ATTACKS if k.group == "hidden"], ids=lambda kind: kind.name)
def test_a_link_farm_holds_5_to_40_links_to_1_to_12_hosts(kind: Kind, scene: Scene) -> None:
    for seed in SEEDS:
        (made,) = steps(kind.make(scene, Random(seed)))
        source = made.page.body.decode().replace("<!--", "").replace("-->", "")
        links = [node.attributes.get("href") or "" for node in LexborHTMLParser(source).css("a[href*='://']")]
        assert 5 <= len(links) <= 40
        assert 1 <= len({link.split("/")[2] for link in links}) <= 12


def test_a_slow_attack_takes_ten_steps_and_claims_the_page_only_at_the_last(scene: Scene) -> None:
    for kind in (kind for kind in ATTACKS if kind.group == "slow"):
        made = steps(kind.make(scene, Random(5)))
        assert len(made) == 10
        kept = [
            sum(text in one.page.body.decode() for text in ("Liên hệ", "làng nghề", "Tin mới"))
            for one in made
        ]
        assert kept[0] >= 2
        assert kept[-1] == 0
        assert kept == sorted(kept, reverse=True)


def test_an_attack_on_every_third_visitor_shows_the_others_the_page_as_it_was(scene: Scene) -> None:
    kind = next(kind for kind in ATTACKS if kind.name == "to every third visitor")
    (made,) = steps(kind.make(scene, Random(0)))
    assert made.clean == scene


def test_inserted_words_survive_a_page_in_an_old_encoding() -> None:
    kind = next(kind for kind in STRESS if kind.name == "emergency banner")
    page = '<html><head><meta charset="iso-8859-1"><title>Universität</title></head><body>Grüße</body></html>'
    (made,) = steps(kind.make(Scene(URL, Answer(page.encode("latin-1"))), Random(0)))
    assert "Universität" in made.page.body.decode("latin-1")
    assert "Grüße" in made.page.body.decode("latin-1")


def test_a_picture_outside_the_folder_is_nobodys(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(scene_picture(Random(1), 500, 500))
    (tmp_path / "site").mkdir()
    page = Answer(b'<html><body><p>x</p><img src="/..%2fsecret.png"></body></html>')
    outside = Scene(URL, page, tmp_path / "site")
    for kind in (kind for kind in ATTACKS if "swapped" in kind.name):
        for one in steps(kind.make(outside, Random(2))):
            assert not [url for url in one.extra if "secret" in url]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Four small defacement pages: a claim and its copy, one without a claim, and one with its picture."""
    (tmp_path / "deface").mkdir()
    claim = "<html><title>Hacked by {n}</title><body><h1>Hacked by {n}</h1><p>" + "one two three four " * 9
    (tmp_path / "deface" / "a.html").write_text(claim.format(n="Mau"))
    (tmp_path / "deface" / "b.html").write_text(claim.format(n="Thu"))
    (tmp_path / "deface" / "c.html").write_text("<html><body>Happy birthday, dear grandmother</body></html>")
    old = tmp_path / "deface_archive" / "19990101_mau"
    old.mkdir(parents=True)
    (old / "index.html").write_text('<html><body>all your pages are ours now<img src="x.png"></body></html>')
    (old / "x.png").write_bytes(scene_picture(Random(1), 40, 40))
    return tmp_path


def test_every_defacement_is_served_in_five_ways_with_what_it_loads(corpus: Path, scene: Scene) -> None:
    made = [kind for side in ("fit", "report") for kind in replacements(corpus, side)]
    assert len({kind.name for kind in made}) == len(made) == 4 * 5
    archived = [kind for kind in made if kind.name.startswith("replaced, archived")]
    served = [one for kind in archived for one in steps(kind.make(scene, Random(0)))]
    assert [one.page.status for one in served] == [200, 403, 404, 503, 200]
    assert all(one.extra[f"{URL}x.png"].kind == "image/png" for one in served)
    assert b"all your pages are ours now" in served[-1].page.body
    assert b"<title>" in served[-1].page.body
