"""What programs do through the API, in the audit log."""

import json

from defacewatch.accounts import Role, Scope
from defacewatch.store import Store
from tests.store.samples import NOW
from tests.web.conftest import Client
from tests.web.people import ME, person
from tests.web.seeds import MINUTE, attacked


async def test_what_a_program_does_is_noted_with_account_token_and_address(
    client: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    account = await person(store, "siem", Role.OFFICER, officer="an")
    value = await store.api_tokens.make(account, "x", Scope.ACT, expires=NOW + 60 * MINUTE, actor=ME, now=NOW)
    (token,) = await store.api_tokens.of(account.id)
    headers = {"Authorization": f"Bearer {value}"}
    path = f"/api/v1/incidents/{incident}"
    assert (await client.post(f"{path}/acknowledge", headers=headers)).status == 200
    assert (await client.post(f"{path}/comment", headers=headers, json={"text": "a\ud800"})).status == 201
    comment, taken = await store.audit.list(limit=2)
    for entry in (comment, taken):
        assert (entry.who, entry.source) == ("siem", "api:127.0.0.1")
    assert json.loads(taken.after) == {"token": token.id, "by": "an"}
    assert json.loads(comment.after) == {"token": token.id, "by": "an", "text": "a?"}
