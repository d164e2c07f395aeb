"""What is little news, and what must be read in full however little it is."""

import random
import time

import pytest

from defacewatch.compare import updates
from defacewatch.compare.sameness import MOST, Copy, same_piece
from defacewatch.compare.updates import is_little_news

URL = "https://tinh.gov.vn/"
ITEM = '<li class="tin"><a href="/tin/{n}.html" title="Bài {n}">{words}</a></li>'
NEWS = [ITEM.format(n=n, words=f"Bản tin số {n} của Ủy ban nhân dân tỉnh") for n in range(30)]
FOOT = (
    '<p>Ban biên tập cổng thông tin, đường Quảng Trường.</p><a href="https://chinhphu.vn/">Chính phủ</a>' * 60
)
PAGE = (
    "<!doctype html><html><head><title>Cổng</title></head><body><header>Cổng tỉnh</header>"
    '<p hidden>Lời nhắn</p><ul class="danh-sach">{items}</ul><p class="dem">Lượt truy cập: {count}</p>'
    "{foot}</body></html>"
)


def page(items: str = "".join(NEWS[10:20]), count: str = "1.234") -> str:
    return PAGE.format(items=items, count=count, foot=FOOT)


def with_item(item: str) -> str:
    return page(item + "".join(NEWS[10:20]))


@pytest.mark.parametrize(
    "items",
    [
        "".join(NEWS[9:20]),  # one more
        "".join(NEWS[9:19]),  # one comes, one goes
        "".join(NEWS[10:19]),  # one goes
        "".join(NEWS[10:15] + NEWS[20:21] + NEWS[15:20]),
        "".join([NEWS[10].replace("Bản tin", "Thông báo khẩn"), *NEWS[11:20]]),
        "".join([NEWS[0].replace("</a>", '<img src="/anh/1.jpg" alt="Lễ khai mạc"></a>'), *NEWS[10:20]]),
        "".join(
            [ITEM.format(n=1, words="Văn bản").replace("/tin/1.html", "https://chinhphu.vn/1"), *NEWS[10:20]]
        ),
    ],
)
def test_an_item_more_or_less_or_another_is_little_news(items: str) -> None:
    assert is_little_news(page(), page(items, "2.345"), URL)


def test_the_same_is_little_news() -> None:
    assert is_little_news(page(), page(), URL)


@pytest.mark.parametrize(
    "item",
    [
        ITEM.format(n=1, words="Hacked by Mr.X"),
        ITEM.format(n=1, words="nhà cái slot gacor"),
        ITEM.format(n=1, words="Văn bản").replace("/tin/1.html", "https://evil.example/"),
        ITEM.format(n=1, words="Văn bản").replace("/tin/1.html", "\\\\evil.example/"),
        ITEM.format(n=1, words="Văn bản").replace("/tin/1.html", "javascript:alert(1)"),
        ITEM.format(n=1, words="Văn bản").replace("/tin/1.html", "jav&#x61;script:alert(1)"),
        ITEM.format(n=1, words="Văn bản").replace("<li", "<li onclick='x()'"),
        ITEM.format(n=1, words="Văn bản").replace("<li", "<li style='position:fixed'"),
        ITEM.format(n=1, words="Văn bản").replace("<li", "<li hidden"),
        ITEM.format(n=1, words="Văn bản").replace('class="tin"', 'class="cover"'),
        ITEM.format(n=1, words="Văn bản<script>x()</script>"),
        ITEM.format(n=1, words="Văn bản<iframe src='/a'></iframe>"),
        ITEM.format(n=1, words="Văn bản<form action='/a'></form>"),
        ITEM.format(n=1, words="<img src='data:image/png;base64,AA'>"),
        ITEM.format(n=1, words="<img src='https://evil.example/a.png'>"),
        ITEM.format(n=1, words="<svg><text>Văn bản</text></svg>"),
        ITEM.format(n=1, words="<h1>Văn bản</h1>"),
        ITEM.format(n=1, words="<marquee>Văn bản</marquee>"),
        ITEM.format(n=1, words="Văn bản<!-- lời -->"),
        ITEM.format(n=1, words="<!-- <b"),
        ITEM.format(n=1, words="Взломано группой хакеров"),
        ITEM.format(n=1, words="tạm " * 400),
        "<li><div>Văn bản</li>",
        "</ul><p>Văn bản</p><ul>",
        "<li>Văn bản",
        '<li class="tin"><a href="&sol;&sol;evil.example/a">Văn bản</a></li>',
        '<li class="tin"><a href="/&Tab;/evil.example/a">Văn bản</a></li>',
        '<li class="tin"><img src="/&sol;evil.example/a.gif"></li>',
        '<li class="tin">Văn bản</li\xa0>',
        '<li class="tin"\xa0hidden>Văn bản</li>',
        "<li><style>.a{}<p>x{} body *{display:none}</p></style></li>",
    ],
)
def test_what_could_be_more_is_read_in_full(item: str) -> None:
    assert not is_little_news(page(), with_item(item), URL)


def test_a_phrase_that_is_put_together_of_old_and_new_words_is_seen() -> None:
    before = page("<li>Thông báo</li><li>by Mr.X team</li>")
    assert not is_little_news(before, page("<li>Thông báo</li><li>Hacked</li><li>by Mr.X team</li>"), URL)


def test_a_picture_s_words_are_words() -> None:
    item = ITEM.format(n=1, words='<img src="/a.png" alt="Hacked by Mr.X">')
    assert not is_little_news(page(), with_item(item), URL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<title>Cổng</title>", "<title>Cổng mới</title>"),
        ("<head>", "<head><meta charset=utf-8>"),
        ("<header>Cổng tỉnh", "<!-- </header><ul><li>Cổng mới"),
        ("<body>", "<body onload='x()'>"),
    ],
)
def test_outside_the_running_text_nothing_is_little(before: str, after: str) -> None:
    assert not is_little_news(page(), page().replace(before, after), URL)


@pytest.mark.parametrize("around", ["<svg>{}</svg>", "<noscript>{}</noscript>", "<template>{}</template>"])
def test_nor_is_it_inside_what_is_not_read_as_text(around: str) -> None:
    before, after = (page(around.format(f"<p>{words}</p>")) for words in ("Cũ", "Mới"))
    assert not is_little_news(before, after, URL)


def test_what_is_gone_counts_as_well() -> None:
    assert not is_little_news(page("".join(NEWS)), page("".join(NEWS[:1])), URL)


def test_of_a_short_page_little_is_less() -> None:
    short = "<html><body><p>{}</p></body></html>"
    assert not is_little_news(short.format("Cổng thông tin"), short.format("Trang này của chúng tôi"), URL)


def test_large_documents_are_left_to_the_full_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_little_news(page(), page("".join(NEWS[9:20])), URL)
    monkeypatch.setattr(updates, "LARGEST", 1000)
    assert not is_little_news(page(), page("".join(NEWS[9:20])), URL)


def test_a_known_style_sheet_is_not_moved_about() -> None:
    before = page("<li><style>.a{}</style>x</li>")
    after = page("<li><style>.a{}<p>x{} body *{display:none}</p></style>x</li>")
    assert not is_little_news(before, after, URL)


def test_a_page_of_figures_costs_no_more_than_it_may() -> None:
    """So many pieces that differ are no little news, and are not compared to the end."""
    table = "<html><body>" + "<b>{}" * 5000
    old, new = (table.format(*range(start, start + 5000)) for start in (1000, 2000))
    began = time.process_time()
    assert not is_little_news(old, new, URL)
    assert time.process_time() - began < 1.0


def looked_at_one_by_one(old: Copy, new: Copy) -> tuple[int, int, int]:
    """Where copies begin to differ and end to, by a look at each piece."""
    start, noisy, end, other = 0, 0, len(old.pieces), len(new.pieces)
    while (
        start < min(len(old.pieces), len(new.pieces)) and noisy <= MOST and same_piece(old, start, new, start)
    ):
        noisy += old.pieces[start] != new.pieces[start]
        start += 1
    while min(end, other) > start and noisy <= MOST and same_piece(old, end - 1, new, other - 1):
        end, other = end - 1, other - 1
        noisy += old.pieces[end] != new.pieces[other]
    return start, end, other


@pytest.mark.parametrize("seed", range(40))
def test_what_is_skipped_in_stretches_is_what_a_look_at_each_piece_would_skip(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "SLIDE", 0)
    dice = random.Random(seed)
    pieces = [f"<b>từ {n % 7}</b>" if n % 2 else f'<a href="/{n}?t=1">12:0{n % 9}</a>' for n in range(400)]
    changed = list(pieces)
    for _ in range(dice.choice((0, 1, 5, 80, 400))):
        at = dice.randrange(len(changed))
        changed[at] = changed[at].replace("12:0", "13:0").replace("?t=1", f"?t={dice.random()}")
    for _ in range(dice.choice((0, 1, 3))):
        at = dice.randrange(len(changed))
        changed[at : at + dice.randrange(3)] = ["<i>tin mới</i>"] * dice.randrange(3)
    old, new = Copy("".join(pieces)), Copy("".join(changed))
    assert updates._between(old, new) == looked_at_one_by_one(old, new)
