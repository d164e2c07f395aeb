import pytest

from defacewatch.compare import text, wording
from defacewatch.compare.phrases import Block
from defacewatch.compare.wording import ENOUGH, WORDS, Model, is_certain, model, wording_signals
from defacewatch.signals import Kind
from defacewatch.verdicts import VerdictKind
from tests.compare.portal import (
    APPROVED,
    BASELINE,
    CONTENT,
    kinds,
    one,
    portal,
    probe_of,
    signals_of,
    verdict_of,
)

RANT = (
    "hacked by us, and you know why. your admin is lame, this box was owned in no time, so who is the idiot? "
    "we are back, greetz to all my friends and the whole crew, fuck the rest. sorry admin, nothing deleted. "
    "we love linux, you love holes, and your security sucks"
)


def telling(written: str, place: str = "text") -> frozenset[str]:
    return wording.telling([Block(place, written)], [text.words(text.fold(written))])


def points(written: str) -> float:
    return sum(signal.points for signal in wording_signals(telling(written)))


def test_the_model_is_bounded_and_carries_the_figures_of_its_fit() -> None:
    known = model()
    assert 300 <= len(known.words) <= 1500
    assert max(abs(value) for value in known.words.values()) <= 2.5
    assert known.bias < 0
    assert known.fit["recall at 1 % false"] >= 0.8


def test_the_model_speaks_both_ways() -> None:
    known = model().words
    assert known["hacked"] > 0 > known["privacy"]


def test_the_model_knows_no_nicknames() -> None:
    assert all(word.isalpha() and 2 <= len(word) <= 18 for word in model().words)


def test_an_unusual_defacement_is_known_by_its_wording() -> None:
    assert points(RANT) >= 25
    assert is_certain(telling(RANT))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "hacked",
        "hacked by",
        "404 Not Found The requested URL was not found on this server. Apache Server at Port 80",
        "Hệ thống đang bảo trì, vui lòng quay lại sau. Trân trọng cảm ơn quý khách.",
        "Công an tỉnh triệt phá đường dây đánh bạc qua mạng, khởi tố vụ án và bắt tạm giam các đối tượng.",
        "Hội nghị triển khai nhiệm vụ sáu tháng cuối năm tại trung tâm hội nghị của tỉnh",
        "The ministry published its annual report. Please read our privacy policy and terms of service.",
    ],
)
def test_ordinary_wording_error_pages_and_single_words_say_nothing(written: str) -> None:
    assert points(written) == 0


def test_a_report_about_an_attack_stays_low() -> None:
    report = (
        "Police have arrested four suspects in connection with an attack on the website of a ministry, which "
        "hackers defaced last week. The page read hacked by a group that nobody had heard of. Officials said "
        "that no data was lost and that the service has been restored for all users."
    )
    assert points(report) < 10


def test_only_words_that_were_not_there_count() -> None:
    page = portal(content=f"<p>{RANT}</p>{CONTENT}")
    assert Kind.WORDING in kinds(signals_of(probe_of(page)))
    known = wording.telling([], [])
    assert known == frozenset()
    assert Kind.WORDING not in kinds(signals_of(APPROVED, BASELINE))


def test_the_sentence_lists_the_heaviest_words() -> None:
    signal = one(wording_signals(telling(RANT)), Kind.WORDING)
    assert (
        signal.evidence["words"]
        == sorted((word for word in telling(RANT)), key=lambda word: (-model().words[word], word))[:5]
    )
    assert signal.identity.startswith("wording~")


def test_hidden_words_are_nobody_s_wording() -> None:
    assert telling(RANT, "hidden") == frozenset()
    assert len(telling(RANT)) > ENOUGH


def test_a_long_page_keeps_a_bounded_number_of_words() -> None:
    assert len(telling(" ".join(model().words))) == WORDS


def test_without_a_baseline_only_a_certain_defacement_counts() -> None:
    assert Kind.WORDING in kinds(signals_of(probe_of(f"<p>{RANT}</p>"), None))
    assert Kind.WORDING not in kinds(signals_of(probe_of(portal()), None))


def test_the_score_adds_up() -> None:
    small = Model(-1.0, {"a": 2.0, "b": -0.5})
    assert small.score(("a", "b", "unknown")) == 0.5


def test_an_unusual_defacement_behind_an_error_status_is_a_defacement() -> None:
    page = (
        "<html><head><title>Bảo trì</title><style>body{background:black;color:lime}</style></head><body>"
        f"<marquee>read this</marquee><p>{RANT.replace('hacked by us', 'it was us')}</p></body></html>"
    )
    assert verdict_of(probe_of(page, status=503)).kind is VerdictKind.DEFACED
