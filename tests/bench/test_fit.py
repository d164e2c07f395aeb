"""What weights are fitted on is what the engine judged, and scaling them leaves everything else alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from bench.detect import fit
from bench.detect.plan import Case, Plan
from bench.detect.scene import Answer, Scene
from bench.detect.score import LEARNING, Missed, Outcome, Work, outcomes
from bench.detect.served import Straight
from bench.detect.subjects import Subject
from defacewatch.captures import Look
from defacewatch.compare.weights import Weights
from defacewatch.signals import Kind
from tests.compare.portal import NEWS, portal

URL = "https://mau.gov.vn/"
CLAIM = (
    "<html><head><title>Hacked by Mau</title></head><body bgcolor=black><h1>Hacked by Mau</h1></body></html>"
)
PLAIN = (
    "<html><head><title>x</title></head><body><p>"
    + "quite other words on this page here " * 9
    + "</p></body>"
)
FARM = "".join(f'<a href="https://bac{n}.top/">casino slot {n}</a>' for n in range(12))
PARKED = (
    "<html><head><title>Domain for sale</title></head><body><h1>This domain is for sale</h1></body></html>"
)
ERROR = (
    "<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1><p>Try later</body></html>"
)
NEWER = portal(("Một tin mới vừa được đăng trên cổng thông tin trong sáng nay", *NEWS[:-1]))
LAST: Mapping[str, Answer] = {
    "the same": Answer(portal().encode()),
    "an update": Answer(NEWER.encode()),
    "a claim": Answer(CLAIM.encode()),
    "a claim behind an error status": Answer(CLAIM.encode(), 503),
    "another page": Answer(PLAIN.encode()),
    "another page behind a missing one's status": Answer(PLAIN.encode(), 404),
    "the page behind an error status": Answer(portal().encode(), 500),
    "an update behind an error status": Answer(NEWER.encode(), 500),
    "a link farm": Answer(portal(end=f'<div style="display:none">{FARM}</div>').encode()),
    "a parked domain": Answer(PARKED.encode()),
    "an error page": Answer(ERROR.encode(), 503),
    "an error page with status 200": Answer(ERROR.encode()),
    "half of the page": Answer(portal((), content="").encode()),
}  # fmt: skip


def work(last: Answer, *, cases: tuple[Case, ...] = (), sight: Any = None) -> Work:
    """The portal, learned from three versions of it, and then `last`."""
    bodies = [portal(clock=f"08:0{n}:07").encode() for n in range(4)]
    scenes = tuple(Scene(URL, one) for one in (*map(Answer, bodies), last))
    subject = Subject("mau", "mau", "fit", True, scenes, tuple(range(5)), ("ordinary",) * 5)
    return Work(subject, cases, Plan(Path("none"), "fit", 1, True), sight or Straight())


def judged(last: Answer) -> list[Outcome]:
    return [one for one in outcomes(work(last)) if isinstance(one, Outcome)]


@pytest.mark.parametrize("name", LAST)
def test_cases_say_what_the_verdict_said(name: str) -> None:
    every = judged(LAST[name])
    assert {one.group for one in every} == {"learning", "legitimate"}
    cases = fit.cases_of([json.loads(json.dumps(asdict(one))) for one in every])
    changed, defaced = cases.said(np.ones(len(cases.kinds)))
    assert list(defaced) == [one.verdict == "defaced" for one in every]
    assert list(changed) == [one.verdict in ("changed", "defaced") for one in every]


def test_the_cases_of_these_tests_are_of_every_verdict() -> None:
    last = [judged(answer)[-1] for answer in LAST.values()]
    assert {one.verdict for one in last} == {"clean", "changed", "defaced", "unreachable"}
    assert any(one.hides for one in last)
    assert any(one.explained and not one.hides for one in last)
    seen_through = [one for one in last if any(role == "outage" for _, role, *_ in one.signals)]
    assert any(not one.hides for one in seen_through)


def test_before_there_is_a_baseline_differences_say_nothing() -> None:
    signals = (("text", "difference", 34.0, "t"), ("structure", "difference", 20.0, "s"))
    one = Outcome("a", "a", True, 0, LEARNING, "x", "not-defaced", "learning", 54, 0, "clean", 0, signals)
    cases = fit.cases_of([asdict(one)])
    assert not cases.said(np.ones(len(cases.kinds)))[0].any()


class Blind(Straight):
    """Has no look at the scene of a certain page."""

    def __init__(self, missing: bytes) -> None:
        self.missing = missing

    def __call__(self, scene: Scene, *, dwell: bool = False) -> Look | None:  # type: ignore[override]
        return None if scene.page.body == self.missing else super().__call__(scene, dwell=dwell)


def test_a_look_that_failed_is_counted_as_missed() -> None:
    last = LAST["an update"]
    found = outcomes(work(last, sight=Blind(last.body)))
    assert [one for one in found if isinstance(one, Missed)] == [
        Missed("mau", "mau", True, 4, "legitimate", "ordinary")
    ]
    assert len(found) == 5


def test_an_attack_on_a_version_that_was_not_looked_at_is_missed_too() -> None:
    last = LAST["an update"]
    case = Case("mau", 4, "to every third visitor")
    found = outcomes(work(last, cases=(case,), sight=Blind(last.body)))
    assert [type(one) for one in found[-2:]] == [Missed, Missed]
    assert [one.row for one in found[-2:]] == ["ordinary", "to every third visitor"]


class Noting(Straight):
    """Notes whether the looks dwell."""

    def __init__(self) -> None:
        self.dwelt: list[bool] = []

    def __call__(self, scene: Scene, *, dwell: bool = False) -> Look:
        self.dwelt.append(dwell)
        return super().__call__(scene, dwell=dwell)


@pytest.mark.parametrize("dwelling", [True, False])
def test_every_sixth_step_dwells_when_asked_for(dwelling: bool) -> None:
    sight = Noting()
    some = replace(work(LAST["the same"], sight=sight), dwelling=dwelling)
    subject = some.subject
    twice = replace(subject, versions=subject.versions * 2, numbers=tuple(range(10)), steps=subject.steps * 2)
    outcomes(replace(some, subject=twice))
    assert [place for place, dwelt in enumerate(sight.dwelt) if dwelt] == ([5] if dwelling else [])
    assert not replace(some, subject=replace(twice, css=False)).dwells(5)


def weights(text: str) -> Weights:
    return TypeAdapter(Weights).validate_python(yaml.safe_load(text))


# Beside points: what wording, pictures, covers and marks are multiplied by.
FACTORS = {
    Kind.DEFACE_PHRASE: {"weak", "embedded", "embedded-title", "embedded-heading"},
    Kind.SPAM_TERMS: {"weak", "embedded", "embedded-title", "embedded-link", "embedded-hidden"},
    Kind.PICTURES: {"gone"},
    Kind.COVER: {"alien", "consent", "renewed"},
    Kind.MAKE_UP: {"standing"},
}


def test_scaling_every_kind_scales_points_and_nothing_else() -> None:
    text = fit.WEIGHTS.read_text("utf-8")
    before = weights(text)
    written = fit.scaled(text, {kind.value: 1.25 for kind in before.most}, ["Fitted by a test."])
    after = weights(written)
    for kind, table in before.points.items():
        scaled = {
            name: points * (1 if name in FACTORS.get(kind, ()) else 1.25) for name, points in table.items()
        }
        assert after.points[kind] == pytest.approx(scaled, rel=0.005), kind
    for kind, corners in before.curves.items():
        assert [x for x, _ in after.curves[kind]] == [x for x, _ in corners]
        assert [y for _, y in after.curves[kind]] == pytest.approx([1.25 * y for _, y in corners], rel=0.005)
    assert after.most == pytest.approx({kind: 1.25 * most for kind, most in before.most.items()}, rel=0.005)


def test_scaling_one_kind_leaves_the_others_and_comments_as_they_are() -> None:
    text = fit.WEIGHTS.read_text("utf-8")
    written = fit.scaled(text, {"text": 0.5}, ["Fitted by a test."])
    before, after = weights(text), weights(written)
    assert after.points == before.points
    assert after.most == {**before.most, Kind.TEXT: before.most[Kind.TEXT] / 2}
    assert {kind for kind in before.curves if after.curves[kind] != before.curves[kind]} == {Kind.TEXT}
    comments = re.findall(r"^ *#.*", text.partition("\n# Fitted ")[0], re.MULTILINE)
    assert re.findall(r"^ *#.*", written, re.MULTILINE) == [*comments, "# Fitted by a test."]
    again = fit.scaled(written, {}, ["Fitted by another test."])
    assert again == written.replace("by a test", "by another test")


def test_kinds_that_the_engine_holds_against_a_border_keep_their_points() -> None:
    kept = fit.fixed(fit.WEIGHTS.read_text("utf-8"))
    assert {"make-up", "link-hosts", "resource-host", "inline-script"} <= kept
    assert "text" not in kept


def test_a_fit_moves_a_kind_to_the_right_side_of_its_border() -> None:
    def one(site: str, row: str, expect: str, kind: str, points: float) -> dict[str, Any]:
        found = Outcome(
            site, site, True, 1, "x", row, expect, "", 0, 0, "", 0, ((kind, "evidence", points, "i"),)
        )
        return asdict(found)  # fmt: skip

    some = [one(str(n), "x", "defaced", "script-host", 44.0) for n in range(9)]
    cases = fit.cases_of([*some, one("z", "ordinary", "clean", "dialog", 20.0)])
    factors = dict(zip(cases.kinds, fit.fitted(cases, fixed=frozenset(("dialog",))), strict=True))
    assert factors["script-host"] * 44 >= 50
    assert factors["dialog"] == factors["text"] == 1.0


@pytest.mark.parametrize(
    "facts",
    [{"side": "report"}, {"side": "fit", "only": "partial"}, {"side": "fit", "only": "", "limit": 5}],
)
def test_a_fit_refuses_the_other_side_and_a_part_of_the_bench(
    facts: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "outcomes.json"
    file.write_text(json.dumps({**facts, "outcomes": []}))
    assert fit.main([str(file)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
