"""Health and metrics."""

from prometheus_client import REGISTRY, Counter

from defacewatch import metrics
from defacewatch.language import Sentence
from tests.web.conftest import TOKEN, Around, Client, Serve

BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def test_health_is_200_while_the_loops_turn_and_503_with_the_reason_when_not(
    client: Client, around: Around
) -> None:
    answer = await client.get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    around.problems.append(Sentence("{loop}: silent for {seconds} s", {"loop": "schedule", "seconds": "95"}))
    answer = await client.get("/healthz")
    assert answer.status == 503
    assert await answer.json() == {"status": "failing", "problems": ["schedule: silent for 95 s"]}


async def test_metrics_shows_what_is_in_the_registry(client: Client, around: Around) -> None:
    Counter("looks", "Looks", ["tier"], registry=around.registry).labels("probe").inc(3)
    answer = await client.get("/metrics", headers=BEARER)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'looks_total{tier="probe"} 3.0' in await answer.text()


async def test_metrics_can_be_switched_off(serve: Serve) -> None:
    client = await serve(metrics_enabled=False)
    assert (await client.get("/metrics", headers=BEARER)).status == 404


async def test_what_the_program_counts_has_its_documented_names(serve: Serve) -> None:
    client = await serve(registry=REGISTRY)
    metrics.CHECKS.labels("probe", "clean").inc()
    metrics.DELIVERIES.labels("email", "sent").inc()
    text = await (await client.get("/metrics", headers=BEARER)).text()
    for name in (
        'checks_total{tier="probe",verdict="clean"}',
        "check_seconds",
        "captures_total",
        "alerts_total",
        'deliveries_total{channel="email",outcome="sent"}',
        "outbox_pending",
        "outbox_oldest_seconds",
        "pages",
        "incidents",
        "probe_lateness_seconds",
        "coverage_ratio",
        "browser_starts_total",
        "time_to_alert_seconds",
        "build_info{version=",
    ):
        assert f"defacewatch_{name}" in text
