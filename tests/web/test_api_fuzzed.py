"""The API against requests that schemathesis makes of its own description, right and wrong ones. Seeded,
so that each run asks the same; a store with data, the real application on loopback."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from defacewatch.accounts import Role
from defacewatch.handovers import Handover
from defacewatch.incidents import Resolution
from defacewatch.masks import Mask, Rectangle
from defacewatch.shifts import Absence
from defacewatch.store import Store
from defacewatch.windows import Window
from tests.conftest import Clock
from tests.store.samples import NOW, captured
from tests.web.conftest import Around, Client
from tests.web.described import document
from tests.web.seeds import MINUTE, attacked
from tests.web.test_api_duty import ROSTER
from tests.web.test_api_incidents import token

PARTS = 3  # of all operations, each asked by itself
EXAMPLES = 4  # of each operation, right and wrong
WAIT = 100  # seconds for an answer: this is about what it says
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SETTINGS = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LAST = ("revoke", "disable")  # what might take the token away that asks


def asked_of(url: str, headers: Mapping[str, str], known: Mapping[str, Any], part: int) -> Counter[int]:
    """Ask all of a part of it; how often each status was answered."""
    answered: Counter[int] = Counter()
    schema = schemathesis.openapi.from_dict(document())
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) == sum(len(each) for each in document()["paths"].values())
    for operation in sorted(found[part::PARTS], key=lambda each: each.path.endswith(LAST)):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            right = mode is GenerationMode.POSITIVE
            ask(operation.as_strategy(generation_mode=mode), url, headers, known if right else {}, answered)
    return answered


def ask(
    cases: SearchStrategy[Case[Any]],
    url: str,
    headers: Mapping[str, str],
    known: Mapping[str, Any],
    answered: Counter[int],
) -> None:
    """Ask some of these; every other time, where something is `known`, about what there is."""

    @SETTINGS
    @given(case=cases)
    def each(case: Case[Any]) -> None:
        if known and answered.total() % 2:
            case.path_parameters.update({name: known[name] for name in case.path_parameters})
            case.query.update({name: known[name] for name in ("page", "portal") if name in case.query})
        answer = case.call_and_validate(url, headers=dict(headers), checks=CHECKS, timeout=WAIT)
        answered[answer.status_code] += 1

    with suppress(Unsatisfiable):  # where nothing wrong can be asked
        each()


@pytest.mark.parametrize("part", range(PARTS))
async def test_whatever_is_asked_nothing_breaks_and_every_answer_is_as_described(
    client: Client, store: Store, around: Around, clock: Clock, part: int
) -> None:
    around.roster = ROSTER
    page, incident = await attacked(store)
    capture = await captured(store, page, "c", at=NOW + 20 * MINUTE)
    await store.handovers.begin(Handover(clock(), (), ("an",), {}), now=clock(), tests=(("an", "email"),))
    await store.windows.announce(Window("hungyen", NOW, NOW + MINUTE, "an", "bảo trì"), now=clock())
    await store.absences.add([Absence("an", NOW, NOW + MINUTE)], by="an", now=clock())
    mask = Mask(page, Rectangle(320, 200, 480, 160), "băng ảnh", "an", NOW, NOW + 60 * MINUTE, capture)
    await store.masks.add(mask, now=NOW, via="")
    _, other = await attacked(store, "langson")
    await store.incidents.resolve(other, as_=Resolution.FALSE_ALARM, by="an", reason="x", now=clock())
    await token(store)
    headers = await token(store, Role.ADMIN, "root", "binh")
    known = {
        "id": 1,
        "account": 1,
        "page": page,
        "capture": capture,
        "portal": "hungyen",
        "sha": (await store.baselines.capture(capture)).screenshot,
        "month": f"{clock():%Y-%m}",
    }
    url = str(client.make_url("/")).rstrip("/")
    answered = await asyncio.to_thread(asked_of, url, headers, known, part)
    assert incident == known["id"]
    assert answered[200] > 120 / PARTS, answered
    assert answered[201] > 0, answered
    assert {400, 404, 422} <= set(answered), answered
    assert not {status for status in answered if status >= 500}
    assert (await client.get("/api/v1/me", headers=headers)).status == 200
