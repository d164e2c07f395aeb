"""An attacker who moves in small steps: ten versions, each a tenth further than the one before."""

from functools import partial
from html import escape
from random import Random

from bench.detect.attacks import texts
from bench.detect.attacks.markup import Node, Tree, content_area, edited, text_of
from bench.detect.scene import Kind, Make, Scene

STEPS = 10
_NO_TEXT = frozenset(
    {"script", "style", "noscript", "title", "option", "head", "html", "body", "textarea", "template"}
)
_MENU = "nav,header,[role=navigation],#nav,#menu,.menu,.navbar,.nav"
_OTHER = (
    "Win big every day with our new members' bonus", "Sign up now and get your first deposit doubled",
    "Đăng ký hôm nay nhận ngay phần thưởng chào mừng", "Hỗ trợ khách hàng suốt ngày đêm qua mạng xã hội",
    "Daftar sekarang dan nikmati bonus anggota baru", "Withdraw in five minutes, any bank",
    "Trải nghiệm giải trí đỉnh cao cùng hàng nghìn người chơi", "Tải ứng dụng để nhận mã quà tặng miễn phí",
    "Join the community of winners in your city", "Tỷ lệ trả thưởng cao nhất thị trường",
)  # fmt: skip


def by_parts(first: str) -> Make:
    """What can be read replaced a tenth of its places at a time, `first` (content, menu) before the rest."""

    def make(scene: Scene, dice: Random) -> list[Scene] | None:
        places = len(_in_order(Tree(text_of(scene)), first))
        if places < STEPS:
            return None
        theirs = texts.message(dice) if dice.random() < 0.5 else None
        lines = [theirs or _line(dice) for _ in range(places)]
        claim = texts.claim(dice)

        def change(tree: Tree, upto: int) -> bool:
            for node, line in zip(_in_order(tree, first)[:upto], lines, strict=False):
                node.inner_html = escape(line)
            return upto < places or _end(tree, claim)

        return _steps(scene, [partial(change, upto=places * step // STEPS) for step in range(1, STEPS + 1)])

    return make


def by_words(scene: Scene, dice: Random) -> list[Scene] | None:
    """A tenth of the words everywhere, then two tenths, and so on."""
    order = Random(dice.random())
    said = [_line(dice) for _ in range(50)]
    pool = " ".join(said).split()
    claim, seed = texts.claim(dice), order.random()
    if len(_leaves(Tree(text_of(scene)))) < STEPS:
        return None

    def change(tree: Tree, share: float) -> bool:
        turns = Random(seed)  # the same words in every step, and some more
        for node in _leaves(tree):
            words = node.text().split()
            drawn = [(turns.random(), turns.choice(pool)) for _ in words]
            node.inner_html = escape(
                " ".join(new if at < share else word for word, (at, new) in zip(words, drawn, strict=True))
            )
        return share < 1 or _end(tree, claim)

    return _steps(scene, [partial(change, share=step / STEPS) for step in range(1, STEPS + 1)])


def _steps(scene: Scene, changes: list[partial[bool]]) -> list[Scene] | None:
    made = [edited(scene, change) for change in changes]
    found = [one for one in made if one is not None]
    return found if len(found) == len(made) else None


def _line(dice: Random) -> str:
    return dice.choice((dice.choice(_OTHER), texts.anchors(dice, 1)[0].capitalize()))


def _end(tree: Tree, claim: str) -> bool:
    """The last step: a claim where the content begins."""
    leaves = _in_order(tree, "content")
    leaves[0].inner_html = escape(claim)
    return True


def _leaves(tree: Tree) -> list[Node]:
    """The elements that hold text and nothing else, in the order of the page."""
    nodes = tree.body.traverse() if tree.body else ()
    return [
        node
        for node in nodes
        if node.tag not in _NO_TEXT
        and not any(child.is_element_node for child in node.iter())
        and len(node.text(strip=True)) > 3
    ]


def _in_order(tree: Tree, first: str) -> list[Node]:
    area = content_area(tree)
    parts = tree.css(_MENU) if first == "menu" else [area] if area else []
    early = {leaf.mem_id for part in parts for leaf in part.traverse()}
    # Sorting keeps the order of the page within either half.
    return sorted(_leaves(tree), key=lambda leaf: leaf.mem_id not in early)


SLOW = (
    Kind("slow, content first", "slow", "changed", by_parts("content"), browser=False),
    Kind("slow, menu first", "slow", "changed", by_parts("menu"), browser=False),
    Kind("slow, words", "slow", "changed", by_words, browser=False),
)
