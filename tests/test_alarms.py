"""The Prometheus rules and the Grafana dashboard ask for what the program really exports."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest

from defacewatch import metrics

ROOT = Path(__file__).parent.parent
RULES = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text("utf-8"))
DASHBOARD = json.loads((ROOT / "deploy/grafana/defacewatch.json").read_text("utf-8"))
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
OF_PROMETHEUS = {"up": frozenset[str]()}  # what the scraper adds
ENDINGS = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum"), "summary": ("",)}


def rules() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def questions() -> Iterator[tuple[str, str]]:
    """What is asked, and by whom."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def exported() -> dict[str, frozenset[str]]:
    """The names that /metrics shows, with their labels."""
    labels = {
        each._name: frozenset(each._labelnames)
        for each in vars(metrics).values()
        if hasattr(each, "_labelnames")
    }
    found = dict(OF_PROMETHEUS)
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", generate_latest(REGISTRY).decode(), re.MULTILINE):
        own = labels.get(name.removesuffix("_total").removesuffix("_info"), frozenset())
        for ending in ENDINGS.get(kind, ("",)):
            found[name + ending] = own | ({"le"} if ending == "_bucket" else frozenset())
    return found


def selectors(question: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(expr: promql_parser.Expr) -> None:
        if isinstance(expr, promql_parser.VectorSelector):
            found.append(expr)

    promql_parser.walk(promql_parser.parse(question), visit)
    return found


@pytest.mark.parametrize(("who", "question"), list(questions()))
def test_each_question_is_promql_about_metrics_and_labels_that_are_exported(who: str, question: str) -> None:
    asked, known = selectors(question.replace("$job", "defacewatch")), exported()
    assert asked or "vector" in question
    for selector in asked:
        assert selector.name in known, who
        for matcher in selector.matchers.matchers:
            assert matcher.name in {*known[selector.name], "job"}, (who, matcher.name)
    for by in re.findall(r"by \(([\w, ]+)\)", question):
        labels = frozenset[str]().union(*(known[selector.name or ""] for selector in asked))
        assert set(by.split(", ")) <= labels, who


def test_a_question_about_what_is_not_exported_would_be_found() -> None:
    (selector,) = selectors('rate(defacewatch_nothing_total{x="y"}[5m])')
    assert selector.name not in exported()
    with pytest.raises(ValueError):
        promql_parser.parse("sum by (defacewatch_pages")


def test_every_alarm_says_what_it_means_and_what_to_do_in_both_languages() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "summary_en", "runbook", "runbook_en"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert all(len(text) > 15 for text in rule["annotations"].values())
        assert f"`{rule['alert']}`" in OPERATIONS, rule["alert"]


def test_every_metric_of_ours_is_documented() -> None:
    for name in exported():
        if name.startswith("defacewatch_") and not name.endswith(("_count", "_sum", "_created")):
            documented = name.removesuffix("_bucket")
            assert f"`{documented}" in OPERATIONS, name


def test_the_dashboard_can_be_imported_and_no_panel_covers_another() -> None:
    assert DASHBOARD["id"] is None
    assert DASHBOARD["uid"] == "defacewatch"
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource", "job"}
    every = DASHBOARD["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    for one, other in combinations([panel["gridPos"] for panel in every], 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in every)
    assert all(target["datasource"]["uid"] == "${datasource}" for p in panels() for target in p["targets"])
