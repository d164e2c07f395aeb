"""What a token may do is its own matter: less than its owner may, where it was made for less."""

from collections.abc import Mapping

from structlog.testing import capture_logs

from defacewatch.accounts import Account, Role, Scope
from defacewatch.calling import Sending
from defacewatch.store import Store
from tests.store.samples import NOW
from tests.web.conftest import Around, Client, Serve
from tests.web.desks import ROSTER
from tests.web.people import ME, PASSWORD, hash_of, person
from tests.web.seeds import MINUTE, registered
from tests.web.test_api_incidents import sent

EN = {"language": "en"}


async def made(store: Store, owner: Account, scope: Scope) -> Mapping[str, str]:
    """The headers of a program with a token of this scope."""
    value = await store.api_tokens.make(owner, "x", scope, expires=NOW + 60 * MINUTE, actor=ME, now=NOW)
    return {"Authorization": f"Bearer {value}"}


async def test_a_token_that_acts_does_not_arrange_for_others_because_its_owner_could(
    serve: Serve, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    client = await serve(sending=lambda: Sending(("email",)))
    await registered(store)
    root = await person(store, "root", Role.ADMIN)
    acts, all_ = await made(store, root, Scope.ACT), await made(store, root, Scope.ADMIN)
    away = {"officer": "cuc", "from": "2026-09-03T00:00:00Z", "to": "2026-09-03T12:00:00Z", "reason": "x"}
    link = "portals/hungyen/announce-link"
    for path, body in (
        (link, {}),
        (f"{link}/revoke", None),
        ("channel-tests/ask", {"officer": "cuc"}),
        ("absences", away),
    ):
        await sent(client, acts, path, body, 403)
        await sent(client, all_, path, body, 200 if body is None else 201)
    await sent(client, acts, "absences/1/withdraw", status=403)
    swap = {"officer": "an", "instead": "binh", "at": "2026-09-02T10:00:00Z", "reason": "x"}
    await sent(client, acts, "swaps", swap, 403)


async def test_what_is_anothers_is_refused_in_so_many_words_and_logged(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = ROSTER
    lan = await made(store, await person(store, "lan", officer="lan"), Scope.ACT)
    an = await made(store, await person(store, "an", officer="an"), Scope.ACT)
    away = {"officer": "cuc", "from": "2026-09-03T00:00:00Z", "to": "2026-09-03T12:00:00Z", "reason": "x"}
    (number,) = (await sent(client, lan, "absences", away, 201))["entered"]
    for path, body in ((f"absences/{number}/withdraw", None), ("absences", away)):
        with capture_logs() as logs:
            said = await sent(client, an, path, body, 403)
        assert said["detail"] == "Only a shift lead or an administrator may do this for others."
        (line,) = [line for line in logs if line["event"] == "refused: not theirs"]
        assert (line["of"], line["by"]) == ("cuc", "an")


async def test_a_token_that_reads_is_no_owner_even_where_the_owner_only_looks(
    client: Client, store: Store
) -> None:
    owner = await person(store, "khach", Role.VIEWER)
    await store.sessions.begin(
        owner, verified=hash_of(PASSWORD), address="10.0.0.7", agent="x", actor=ME, now=NOW
    )
    reads = await made(store, owner, Scope.READ)
    assert (await client.get("/api/v1/me/sessions", headers=reads)).status == 403
    for path, body in (("me/sessions/end", None), ("me/sessions/1/end", None), ("me/language", EN)):
        with capture_logs() as logs:
            said = await sent(client, reads, path, body, 403)
        assert said["detail"] == "This token may do less than its owner."
        (line,) = [line for line in logs if line["event"].startswith("refused: a token")]
        assert (line["who"], line["token"], line["path"]) == ("khach", 1, f"/api/v1/{path}")


async def test_a_token_that_reads_ends_itself_and_no_other(client: Client, store: Store) -> None:
    owner = await person(store, "an", Role.OFFICER, officer="an")
    reads, acts = await made(store, owner, Scope.READ), await made(store, owner, Scope.ACT)
    ids = {one.scope: one.id for one in await store.api_tokens.of(owner.id)}
    await sent(client, reads, f"me/tokens/{ids[Scope.ACT]}/revoke", status=403)
    assert (await client.get("/api/v1/me", headers=acts)).status == 200
    assert await sent(client, reads, f"me/tokens/{ids[Scope.READ]}/revoke") == {"revoked": ids[Scope.READ]}
    assert (await client.get("/api/v1/me", headers=reads)).status == 401
    third = await made(store, owner, Scope.READ)
    number = max(one.id for one in await store.api_tokens.of(owner.id))
    assert await sent(client, acts, f"me/tokens/{number}/revoke") == {"revoked": number}
    assert (await client.get("/api/v1/me", headers=third)).status == 401
