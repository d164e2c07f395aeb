from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from defacewatch import calm as calm_module
from defacewatch.alerts import AlertKind, Draft
from defacewatch.baselines import Baseline
from defacewatch.calm import Calm, CalmPages, reads_little_news
from defacewatch.captures import (
    Failure,
    Hop,
    Look,
    Probe,
    Refusal,
    Rendering,
    Tier,
    TlsFinding,
    TlsProblem,
    Validators,
)
from defacewatch.errors import StoreError
from defacewatch.incidents import Change, Event, Incident
from defacewatch.looks import Seen
from defacewatch.portals import Page, Portal, Urgency
from defacewatch.records import Context, Outcome, Quiet
from defacewatch.verdicts import Streak, Verdict, VerdictKind
from defacewatch.workers import TooMuch

NOW = datetime(2026, 9, 2, 7, 0, tzinfo=UTC)
URL = "https://tinh.gov.vn/"
ROUND = timedelta(minutes=10)
KNOWN = Validators('"1"', None, "hash")
ATTACK = Incident("p", VerdictKind.DEFACED, NOW)
CALMED = replace(ATTACK, present=False)
HTML = "<html><body><p>Lượt truy cập: {0}</p><input type=hidden name=csrf value='{1}'></body></html>"


class Notes:
    """Notes quiet looks; `moved` are pages that somebody has moved."""

    def __init__(self) -> None:
        self.looks: list[Quiet] = []
        self.moved: set[str] = set()
        self.error: StoreError | None = None

    async def __call__(self, looks: Sequence[Quiet]) -> frozenset[str]:
        if self.error is not None:
            raise self.error
        self.looks += looks
        return frozenset(look.page for look in looks if look.page in self.moved)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def pages(notes: Notes) -> CalmPages:
    return CalmPages(notes)


def probe(html: str = HTML.format(1, "a"), **changes: object) -> Probe:
    fields = {
        "url": URL,
        "at": NOW,
        "final_url": URL,
        "status": 200,
        "html": html,
        "body_hash": "hash",
        **changes,
    }
    return Probe(**fields)  # type: ignore[arg-type]


def seen(html: str = HTML.format(1, "a"), **changes: object) -> Seen:
    return Seen(Look(probe(html, **changes)), None)


def outcome(**changes: object) -> Outcome:
    context = Context(
        Page("p", "tinh", URL),
        Portal("tinh", "Cổng"),
        4,
        baseline=Baseline("p", 1, ()),
        captured_hash="dom",
        served_hash="dom",
    )
    fields = {
        "context": context,
        "at": NOW,
        "tier": Tier.PROBE,
        "verdict": Verdict(VerdictKind.CLEAN),
        "change": Change(None),
        "streak": Streak(),
        "validators": KNOWN,
        "served_hash": "dom",
        **changes,
    }
    return Outcome(**fields)  # type: ignore[arg-type]


def settled(pages: CalmPages, look: Seen | None = None, **changes: object) -> Calm:
    pages.settle(outcome(**changes), look or seen(), revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    return calm


def test_a_page_whose_incident_waits_for_a_person_alone_is_calm_and_its_news_do_not_wait(
    pages: CalmPages,
) -> None:
    assert settled(pages, tier=Tier.RENDER).fresh == NOW + ROUND
    assert settled(pages, tier=Tier.RENDER, change=Change(CALMED)).fresh is None


def test_a_page_that_was_clean_is_calm_at_the_version_that_its_record_made(pages: CalmPages) -> None:
    calm = settled(pages)
    assert calm == Calm("p", URL, 5, KNOWN, meaning=("", "", ""), reread=calm.reread)


def test_where_there_are_many_pages_those_that_differ_in_noise_are_read_in_full_less_often(
    pages: CalmPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = settled(pages).reread
    monkeypatch.setattr(calm_module, "REREADS", 2 / ROUND.total_seconds())
    pages._pages.update({f"p-{n}": settled(pages) for n in range(7)})
    many = settled(pages).reread
    assert few is not None
    assert many is not None
    assert NOW + ROUND / 2 <= few <= NOW + ROUND
    assert many - NOW == 4 * (few - NOW), "eight pages, of which two are affordable in a round"


def test_validators_that_stay_as_they_were_are_those_of_the_context(pages: CalmPages) -> None:
    before = outcome(validators=None)
    pages.settle(
        replace(before, context=replace(before.context, validators=KNOWN)), seen(), revalidate_every=ROUND
    )
    calm = pages.get("p")
    assert calm is not None
    assert calm.validators == KNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": Verdict(VerdictKind.CHANGED, 30.0)},
        {"verdict": Verdict(VerdictKind.LEARNING)},
        {"verdict": Verdict(VerdictKind.CLEAN, wavered=True)},
        {"streak": Streak(1, Tier.RENDER)},
        {"browser_failed": True},
        {"alerts": (Draft(AlertKind.CERTIFICATE, Urgency.NORMAL),)},
        {"change": Change(ATTACK)},
        {"change": Change(replace(ATTACK, intermittent=True))},
        {
            "change": Change(CALMED, Event.CALMED, alert=True),
            "alerts": (Draft(AlertKind.CALMED, Urgency.NORMAL),),
        },
    ],
)
def test_a_page_of_which_something_is_owed_is_not_calm(pages: CalmPages, changes: dict[str, object]) -> None:
    settled(pages)
    pages.settle(outcome(**changes), seen(), revalidate_every=ROUND)
    assert pages.get("p") is None


@pytest.mark.parametrize(
    "look",
    [
        seen(tls=TlsFinding(TlsProblem.EXPIRES_SOON, "soon", "f")),
        seen(refusals=(Refusal("http://10.0.0.1/", "private"),)),
        seen("", failure=Failure.TIMEOUT, status=None),
    ],
)
def test_a_page_whose_last_look_was_odd_is_not_calm(pages: CalmPages, look: Seen) -> None:
    pages.settle(outcome(), look, revalidate_every=ROUND)
    assert pages.get("p") is None


def test_a_page_without_an_approved_look_is_not_calm(pages: CalmPages) -> None:
    before = outcome()
    pages.settle(
        replace(before, context=replace(before.context, baseline=None)), seen(), revalidate_every=ROUND
    )
    assert pages.get("p") is None


def test_a_capture_is_of_the_document_that_came_with_it(pages: CalmPages) -> None:
    look = Seen(Look(probe(), Rendering(NOW)), None)
    assert settled(pages, look, tier=Tier.RENDER, served_hash="new").version == 5


def test_a_document_that_is_not_modified_is_still(pages: CalmPages) -> None:
    calm = settled(pages)
    assert pages.is_still(calm, Look(probe("", not_modified=True, status=304)))


def test_a_document_that_differs_in_noise_is_read_in_full_once_in_a_while(pages: CalmPages) -> None:
    calm = settled(pages)
    assert calm.reread is not None
    assert ROUND / 2 <= calm.reread - NOW <= ROUND
    noisy = HTML.format(2, "b")
    assert pages.is_still(calm, Look(probe(noisy, at=calm.reread - timedelta(seconds=1))))
    assert not pages.is_still(calm, Look(probe(noisy, at=calm.reread)))
    assert pages.is_still(calm, Look(probe("", not_modified=True, at=calm.reread)))


def test_a_document_that_was_not_modified_was_not_read_again(pages: CalmPages) -> None:
    first = settled(pages, seen(headers={"content-type": "text/html"}))
    again = settled(pages, seen("", not_modified=True, at=NOW + timedelta(minutes=3)))
    assert (again.reread, again.meaning) == (first.reread, ("text/html", "", ""))


def test_a_document_that_says_otherwise_what_it_is_or_sends_its_reader_elsewhere_is_not_still(
    pages: CalmPages,
) -> None:
    calm = settled(pages, seen(headers={"content-type": "text/html"}))
    same = {"content-type": "text/html"}
    assert pages.is_still(calm, Look(probe(headers={**same, "date": "now"})))
    for headers in (
        {**same, "refresh": "0;url=https://evil.example/"},
        {**same, "content-disposition": "attachment"},
        {"content-type": "text/plain"},
    ):
        assert not pages.is_still(calm, Look(probe(headers=headers)))


def test_a_redirect_to_another_host_is_another_way_however_it_is_written(pages: CalmPages) -> None:
    hop = Hop(URL, 302, "https://cong.gov.vn/home")
    calm = settled(pages, seen(hops=(hop,)))
    elsewhere = replace(hop, location="https://cong.gov.vn;sid=@evil.example/home")
    assert pages.is_still(calm, Look(probe(hops=(hop,))))
    assert not pages.is_still(calm, Look(probe(hops=(elsewhere,))))


def test_a_document_that_differs_in_noise_alone_is_still(pages: CalmPages) -> None:
    calm = settled(pages)
    assert pages.is_still(calm, Look(probe(HTML.format("2.345", "b"))))
    assert not pages.is_still(calm, Look(probe(HTML.format("Hacked", "b"))))


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 404},
        {"hops": (Hop(URL, 302, "/x"),)},
        {"truncated": True},
        {"failure": Failure.TIMEOUT},
        {"tls": TlsFinding(TlsProblem.EXPIRED, "expired")},
        {"refusals": (Refusal("http://10.0.0.1/", "private"),)},
        {"html": ""},
    ],
)
def test_a_look_that_is_odd_is_not_still(pages: CalmPages, changes: dict[str, object]) -> None:
    calm = settled(pages)
    assert pages.is_still(calm, Look(probe()))
    assert not pages.is_still(calm, Look(probe(**changes)))  # type: ignore[arg-type]


def test_a_certificate_that_turned_bad_is_seen_behind_a_document_that_did_not_change(
    pages: CalmPages,
) -> None:
    calm = settled(pages)
    bad = TlsFinding(TlsProblem.EXPIRED, "expired")
    assert not pages.is_still(calm, Look(probe("", not_modified=True, status=304, tls=bad)))


async def test_looks_are_written_together_once_and_pages_that_have_moved_are_forgotten(
    pages: CalmPages, notes: Notes
) -> None:
    calm = settled(pages)
    assert await pages.flush() == frozenset()
    pages.saw(calm, NOW)
    notes.moved = {"p"}
    assert await pages.flush() == {"p"}
    assert notes.looks == [Quiet("p", 5, NOW)]
    assert pages.get("p") is None
    assert await pages.flush() == frozenset()
    assert len(notes.looks) == 1


async def test_looks_that_cannot_be_written_wait_for_the_next_time(pages: CalmPages, notes: Notes) -> None:
    pages.saw(settled(pages), NOW)
    notes.error = StoreError("the disk is full")
    with pytest.raises(StoreError):
        await pages.flush()
    notes.error = None
    await pages.flush()
    assert notes.looks == [Quiet("p", 5, NOW)]


def test_what_is_kept_to_compare_with_is_bounded(pages: CalmPages, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = settled(pages)
    assert pages.is_still(calm, Look(probe(HTML.format(2, "a"))))
    monkeypatch.setattr(calm_module, "SHELF", 10)
    settled(pages)
    assert not pages.is_still(calm, Look(probe(HTML.format(2, "a"))))
    assert pages.is_still(calm, Look(probe("", not_modified=True)))


def test_the_way_to_a_document_is_part_of_it(pages: CalmPages) -> None:
    """A page behind redirects, or behind a certificate that was approved as it is, is calm like any other."""
    known = TlsFinding(TlsProblem.EXPIRED, "expired", "fingerprint")
    hops = (Hop(URL, 302, "/trang-chu;jsessionid=1"),)
    calm = settled(pages, seen(tls=known, hops=hops))
    again = probe(tls=known, hops=(Hop(URL, 302, "/trang-chu;jsessionid=2"),))
    assert pages.is_still(calm, Look(again))
    for other in (
        replace(again, tls=None),
        replace(again, tls=replace(known, fingerprint="another")),
        replace(again, tls=replace(known, problem=TlsProblem.WRONG_HOST)),
        replace(again, hops=()),
        replace(again, hops=(Hop(URL, 302, "https://evil.example/"),)),
        replace(again, hops=(*again.hops, Hop(URL, 302, "/x"))),
    ):
        assert not pages.is_still(calm, Look(other))


def captured(minutes: float, **changes: object) -> Outcome:
    """A check of a page that the browser saw so many minutes ago."""
    before = outcome(**changes)
    return replace(before, context=replace(before.context, captured_at=NOW - timedelta(minutes=minutes)))


def test_a_document_that_the_browser_has_not_seen_is_still_until_the_browser_is_due(pages: CalmPages) -> None:
    pages.settle(captured(4, served_hash="not captured yet"), seen(), revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    assert calm.due == calm.fresh == NOW + timedelta(minutes=6)
    assert pages.is_still(calm, Look(probe(at=NOW + timedelta(minutes=5))))
    assert not pages.is_still(calm, Look(probe(at=NOW + timedelta(minutes=6))))
    assert not pages.is_still(calm, Look(probe("", not_modified=True, at=NOW + timedelta(minutes=6))))


async def test_a_clock_that_is_set_back_makes_no_page_calm_for_longer(notes: Notes) -> None:
    seconds, reading, back = 1000.0, Reading(), timedelta(hours=3)
    pages = CalmPages(notes, reads=reading, monotonic=lambda: seconds)
    noisy, news = Look(probe(HTML.format(2, "b"), at=NOW - back)), LONG.format("Họp báo sáng nay")
    pages.settle(captured(4), seen(), revalidate_every=ROUND)
    noisy_calm = pages.get("p")
    pages.settle(captured(4, served_hash="not captured yet"), seen(LONG.format("Cũ")), revalidate_every=ROUND)
    waiting = pages.get("p")
    assert noisy_calm is not None
    assert waiting is not None
    seconds += 60
    assert pages.is_still(waiting, Look(probe("", not_modified=True, at=NOW - back)))
    assert await pages.has_little_news(waiting, Look(probe(news, at=NOW - back)))
    seconds += 300
    assert not pages.is_still(waiting, Look(probe("", not_modified=True, at=NOW - back))), (
        "the browser is due"
    )
    assert not await pages.has_little_news(waiting, Look(probe(news, at=NOW - back)))
    seconds += 240
    assert not pages.is_still(noisy_calm, noisy), "it is read in full once more"


def test_a_page_is_asked_for_without_conditions_once_in_each_round(pages: CalmPages) -> None:
    def condition(at: datetime, *, heard: bool = True) -> Validators:
        found = pages.condition("p", KNOWN, at, every=ROUND)
        if heard:
            pages.asked("p", at, every=ROUND)
        return found

    moments = [NOW + timedelta(seconds=30) * n for n in range(80)]
    asked = [condition(at) for at in moments]
    plain = [at for at, found in zip(moments, asked, strict=True) if found.etag is None]
    assert plain[0] - NOW <= ROUND
    assert {later - at for at, later in pairwise(plain)} == {ROUND}
    assert {found.body_hash for found in asked} == {"hash"}, "what it is compared with stays"
    assert condition(NOW - ROUND, heard=False).etag is None, "the clock was set back"
    assert condition(NOW - ROUND).etag is None, "until what came was looked at"
    assert condition(NOW - ROUND) == KNOWN
    pages.asked("q", NOW, every=ROUND)
    assert pages.condition("q", KNOWN, NOW, every=ROUND) == KNOWN, "of a page that was never asked for"


def test_a_check_after_the_clock_was_set_back_takes_over_no_moment_to_come(pages: CalmPages) -> None:
    settled(pages)
    back = NOW - timedelta(hours=3)
    unchanged = seen("", not_modified=True, at=back)
    pages.settle(replace(captured(4), at=back), unchanged, revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    assert calm.reread is not None
    assert calm.reread <= back + ROUND
    assert calm.fresh is None, "nobody knows how long ago the browser's look is"
    waiting = replace(captured(4, served_hash="not captured yet"), at=back)
    pages.settle(waiting, unchanged, revalidate_every=ROUND)
    assert pages.get("p") is None


def test_a_clock_that_is_set_forward_ends_the_calm_early(pages: CalmPages) -> None:
    pages.settle(captured(4, served_hash="not captured yet"), seen(), revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    assert not pages.is_still(calm, Look(probe("", not_modified=True, at=NOW + timedelta(hours=3))))


def test_one_that_looked_odd_to_the_probe_is_due_sooner(pages: CalmPages) -> None:
    odd = Verdict(VerdictKind.CLEAN, 12.0)
    pages.settle(captured(1, served_hash="new", verdict=odd), seen(), revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    assert calm.due == NOW + timedelta(minutes=1)


def test_one_that_the_browser_has_never_seen_is_not_calm(pages: CalmPages) -> None:
    pages.settle(outcome(served_hash="new"), seen(), revalidate_every=ROUND)
    assert pages.get("p") is None


def test_a_capture_says_from_when_on_news_are_fresh(pages: CalmPages) -> None:
    look = Seen(Look(probe(), Rendering(NOW)), None)
    calm = settled(pages, look, tier=Tier.RENDER, served_hash="new")
    assert (calm.due, calm.fresh) == (None, NOW + ROUND)


LONG = "<html><body><p class=a>{0}</p>" + "<p>Cổng thông tin điện tử của tỉnh</p>" * 50 + "</body></html>"


class Reading:
    """Reads news as a worker does; `error` is raised instead."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: TooMuch | None = None

    async def __call__(self, document: bytes, html: str, url: str) -> bool:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return reads_little_news(document, html, url)


async def test_a_little_news_waits_while_the_browser_s_last_look_is_fresh(notes: Notes) -> None:
    reading = Reading()
    pages = CalmPages(notes, reads=reading)
    pages.settle(captured(4), seen(LONG.format("Cũ")), revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    soon, late = NOW + timedelta(minutes=5), NOW + timedelta(minutes=6)
    news, attack = LONG.format("Họp báo sáng nay"), LONG.format("Hacked by Mr.X")
    assert await pages.has_little_news(calm, Look(probe(news, at=soon)))
    assert not await pages.has_little_news(calm, Look(probe(attack, at=soon)))
    assert reading.asked == 2
    assert not await pages.has_little_news(calm, Look(probe(news, at=late)))
    assert not await pages.has_little_news(calm, Look(probe(news, at=soon, status=404)))
    assert not await pages.has_little_news(calm, Look(probe(news, at=soon, failure=Failure.TIMEOUT)))
    assert not await pages.has_little_news(calm, Look(probe(news, at=soon, hops=(Hop(URL, 302, "/x"),))))
    assert not await pages.has_little_news(replace(calm, fresh=None), Look(probe(news, at=soon)))
    assert not await pages.has_little_news(replace(calm, page="other"), Look(probe(news, at=soon)))
    assert reading.asked == 2
    odd = replace(calm, due=soon)
    assert not await pages.has_little_news(odd, Look(probe(news, at=soon)))
    assert not await pages.has_little_news(replace(calm, reread=soon), Look(probe(news, at=soon)))


async def test_news_that_take_too_long_to_read_are_not_read_apart_again(notes: Notes) -> None:
    reading = Reading()
    reading.error = TooMuch("too long")
    pages = CalmPages(notes, reads=reading)
    pages.settle(captured(4), seen(LONG.format("Cũ")), revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    for _ in range(3):
        assert not await pages.has_little_news(calm, Look(probe(LONG.format("Mới"))))
    assert reading.asked == 1


async def test_without_a_worker_to_read_it_no_news_is_little(pages: CalmPages) -> None:
    pages.settle(captured(4), seen(LONG.format("Cũ")), revalidate_every=ROUND)
    calm = pages.get("p")
    assert calm is not None
    assert not await pages.has_little_news(calm, Look(probe(LONG.format("Họp báo sáng nay"))))
