"""One's own account, the accounts of others, the first administrator, and the audit log, as pages."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from defacewatch.accounts import Role
from defacewatch.audit import Act, Actor
from defacewatch.roster import Officer, Roster
from defacewatch.store import Store
from defacewatch.store.accountschema import audit
from defacewatch.totp import code_at, step_at
from defacewatch.web.welcome import setup_url
from tests.conftest import Clock
from tests.store.samples import NOW, portal
from tests.web.conftest import Around, Client, Serve, csrf_of, send
from tests.web.people import KEY, ME, PASSWORD, hidden, log_in, person
from tests.web.seeds import attacked

NEW = "một hai ba bốn năm"
HERE = "http://127.0.0.1:8080"


async def test_a_changed_password_ends_other_sessions_and_keeps_this_one(
    client: Client, serve: Serve, store: Store
) -> None:
    await person(store)
    other = await serve()
    await log_in(client, "an")
    await log_in(other, "an")
    fields = {"password": PASSWORD, "new": NEW, "again": NEW}
    wrong = await send(client, "/account/password", fields | {"password": "guess"}, page="/account")
    assert wrong.status == 422
    weak = await send(
        client,
        "/account/password",
        fields | {"new": "matkhau@2026", "again": "matkhau@2026"},
        page="/account",
    )
    assert "among the first that anybody would try" in await weak.text()
    typo = await send(client, "/account/password", fields | {"again": "khác"}, page="/account")
    assert "are not the same" in await typo.text()
    assert (await other.get("/", allow_redirects=False)).status == 200
    assert (await send(client, "/account/password", fields, page="/account")).status == 303
    assert (await client.get("/account", allow_redirects=False)).status == 200
    assert (await other.get("/", allow_redirects=False)).status == 303
    assert (await log_in(other, "an")).status == 403
    assert (await log_in(other, "an", NEW)).status == 303


async def test_an_authenticator_is_set_up_proved_and_turned_off(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store)
    await log_in(client, "an")
    assert (await send(client, "/account/totp", {"password": "guess"}, page="/account")).status == 422
    page = await (await send(client, "/account/totp", {"password": PASSWORD}, page="/account")).text()
    assert "<svg" in page
    assert "style=" not in page
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    secret, box = found[1].replace(" ", ""), hidden(page, "secret")
    assert not (await store.accounts.named("an")).has_totp
    wrong = await send(client, "/account/totp/confirm", {"secret": box, "code": "000000"}, page="/account")
    assert wrong.status == 422
    code = code_at(secret, step_at(clock()))
    shown = await send(client, "/account/totp/confirm", {"secret": box, "code": code}, page="/account")
    assert len(set(re.findall(r"<li>([a-z2-9]{6}-[a-z2-9]{6})</li>", await shown.text()))) == 10
    kept = await store.accounts.credentials(name="an")
    assert kept is not None
    assert secret not in (kept.totp or secret)
    assert "ticket" in await (await log_in(client, "an")).text()
    off = await send(client, "/account/totp/off", {"password": PASSWORD}, page="/account")
    assert off.status == 303
    assert not (await store.accounts.named("an")).has_totp


async def test_the_secret_of_somebody_else_is_not_taken(client: Client, serve: Serve, store: Store) -> None:
    for name in ("an", "binh"):
        await person(store, name)
    other = await serve()
    await log_in(client, "an")
    await log_in(other, "binh")
    page = await (await send(client, "/account/totp", {"password": PASSWORD}, page="/account")).text()
    fields = {"secret": hidden(page, "secret"), "code": "000000"}
    answer = await send(other, "/account/totp/confirm", fields, page="/account")
    assert "Begin again" in await answer.text()


async def test_sessions_are_listed_and_ended_and_only_ones_own(
    client: Client, serve: Serve, store: Store
) -> None:
    an = await person(store)
    await person(store, "binh")
    other, stranger = await serve(), await serve()
    for one, name in ((client, "an"), (other, "an"), (stranger, "binh")):
        await log_in(one, name)
    bounds = {"idle": timedelta(hours=1), "longest": timedelta(hours=12), "now": NOW}
    running = await store.sessions.running(an.id, **bounds)  # type: ignore[arg-type]
    assert len(running) == 2
    theirs = {"session": str(running[0].id)}
    assert (await send(stranger, "/account/sessions/end", theirs, page="/account")).status == 404
    assert (await other.get("/", allow_redirects=False)).status == 200
    assert (await send(client, "/account/sessions/end", {}, page="/account")).status == 303
    assert (await other.get("/", allow_redirects=False)).status == 303
    assert (await client.get("/", allow_redirects=False)).status == 200


async def test_the_language_of_an_account_holds_wherever_it_signs_in(
    client: Client, serve: Serve, store: Store
) -> None:
    await person(store)
    await log_in(client, "an")
    assert (await send(client, "/account/language", {"language": "vi"}, page="/account")).status == 303
    assert "Tài khoản của tôi" in await (await client.get("/account")).text()
    other = await serve()
    await log_in(other, "an")
    assert 'lang="vi"' in await (await other.get("/")).text()


async def test_a_token_is_shown_once_acts_for_its_owner_and_is_revoked(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store, officer="an1")
    _, incident = await attacked(store)
    await log_in(client, "an")
    fields = {"password": PASSWORD, "label": "SIEM <b>", "scope": "act", "days": "30"}
    page = await (await send(client, "/account/tokens", fields, page="/account")).text()
    found = re.search(r"dw_[\w-]{43}", page)
    assert found is not None
    assert "SIEM &lt;b&gt;" in page
    assert found[0] not in await (await client.get("/account")).text()
    headers = {"Authorization": f"Bearer {found[0]}"}
    client.session.cookie_jar.clear()
    took = await client.post(f"/api/v1/incidents/{incident}/acknowledge", headers=headers)
    assert (took.status, (await took.json())["acknowledged_by"]) == (200, "an1")
    again = await client.post(f"/api/v1/incidents/{incident}/acknowledge", headers=headers)
    assert again.status == 409
    path = f"/api/v1/incidents/{incident}/comment"
    assert (await client.post(path, headers=headers, json={"text": "đã gọi"})).status == 201
    wrongs: tuple[object, ...] = ({}, {"text": " "}, [], {"text": "x" * 2001})
    for wrong in wrongs:
        answer = await client.post(path, headers=headers, json=wrong)
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["where"] == "body"
    assert (await client.post(path, headers=headers, data=b"{")).status == 400
    timeline = await store.incidents.timeline(incident)
    assert (timeline[-1].text, timeline[-1].by, timeline[-1].via) == ("đã gọi", "an1", "api")
    await log_in(client, "an")
    (token,) = await store.api_tokens.of((await store.accounts.named("an")).id)
    await send(client, "/account/tokens/revoke", {"token": str(token.id)}, page="/account")
    again = await send(client, "/account/tokens/revoke", {"token": str(token.id)}, page="/account")
    assert again.status == 303, "what is revoked already is done"
    client.session.cookie_jar.clear()
    assert (await client.get("/api/v1/pages", headers=headers)).status == 401


async def test_the_first_administrator_is_made_by_a_link_that_works_once(
    client: Client, store: Store, clock: Clock
) -> None:
    old = await setup_url(store, HERE, KEY, clock())
    url = await setup_url(store, HERE, KEY, clock())
    assert old is not None
    assert url is not None
    path = url.removeprefix(HERE)
    assert (await client.get(old.removeprefix(HERE))).status == 410  # a later start ended it
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert (await client.get(forged)).status == 404
    fields = {"user": "Quan.Tri", "display": "Nguyễn Văn An", "password": NEW, "again": NEW}
    weak = await send(client, path, fields | {"password": "short", "again": "short"}, page=path)
    assert weak.status == 422
    made = await send(client, path, fields, page=path)
    assert (made.status, made.headers["Location"]) == (303, "/account")
    assert (await client.get("/accounts")).status == 200
    account = await store.accounts.named("quan.tri")
    assert account.role is Role.ADMIN
    assert (await client.get(path)).status == 410
    assert await setup_url(store, HERE, KEY, clock()) is None


async def test_the_link_of_the_first_administrator_ends_after_a_day(
    client: Client, store: Store, clock: Clock
) -> None:
    url = await setup_url(store, HERE, KEY, clock())
    assert url is not None
    clock.forward(hours=24)
    assert (await client.get(url.removeprefix(HERE))).status == 410


async def test_an_administrator_adds_somebody_who_chooses_the_password_by_a_link(
    client: Client, serve: Serve, store: Store, around: Around, clock: Clock
) -> None:
    around.roster = Roster(officers=(Officer("an1", "Nguyễn Văn An"),))
    await person(store, "root", Role.ADMIN)
    await log_in(client, "root")
    fields = {"user": "binh", "display": "Bình <i>", "role": "officer", "officer": "an1"}
    fields |= {"password": PASSWORD}
    unknown = await send(client, "/accounts", fields | {"officer": "x"}, page="/accounts")
    assert unknown.status == 422
    page = await (await send(client, "/accounts", fields, page="/accounts")).text()
    assert "Bình &lt;i&gt;" in page
    found = re.search(rf"{HERE}(/welcome/[\w/]+)", html.unescape(page))
    assert found is not None
    path, guest = found[1], await serve()
    assert (await log_in(guest, "binh", "")).status == 403  # nothing opens it meanwhile
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert (await guest.get(forged)).status == 404
    chosen = await send(guest, path, {"password": NEW, "again": NEW}, page=path)
    assert chosen.status == 303
    assert (await guest.get(path)).status == 404  # used
    assert (await log_in(guest, "binh", NEW)).status == 303
    assert (await store.accounts.named("binh")).signs_as == "an1"
    assert (await guest.get("/accounts", allow_redirects=False)).status == 403


async def test_an_administrator_changes_disables_and_signs_others_out(
    client: Client, serve: Serve, store: Store
) -> None:
    root = await person(store, "root", Role.ADMIN)
    binh = await person(store, "binh", totp=True)
    guest = await serve()
    await log_in(client, "root")
    path, proof = f"/accounts/{binh.id}", {"password": PASSWORD}

    async def done(what: str, fields: dict[str, str] | None = None) -> int:
        return (await send(client, f"{path}/{what}", fields or {}, page="/accounts")).status

    assert await done("change", {"display": "Bình", "role": "approver", "officer": ""} | proof) == 303
    assert (await store.accounts.named("binh")).role is Role.APPROVER
    assert await done("totp-off", proof) == 303
    await log_in(guest, "binh")
    assert await done("sign-out") == 303
    assert (await guest.get("/", allow_redirects=False)).status == 303
    await log_in(guest, "binh")
    assert await done("disable") == 303
    assert (await guest.get("/", allow_redirects=False)).status == 303
    assert await done("link", proof) == 400
    assert await done("enable") == 303
    assert await done("change", {"display": "x", "role": "king"}) == 400
    last = await send(client, f"/accounts/{root.id}/disable", {}, page="/accounts")
    assert "last administrator" in await last.text()
    assert (await send(client, "/accounts/999/disable", {}, page="/accounts")).status == 404


async def test_a_role_that_is_taken_away_is_gone_with_the_next_request(client: Client, store: Store) -> None:
    account = await person(store, "root", Role.ADMIN)
    await person(store, "other", Role.ADMIN)
    await log_in(client, "root")
    assert (await client.get("/accounts")).status == 200
    await store.accounts.change(account.id, role="viewer", actor=ME, now=NOW)
    assert (await client.get("/accounts")).status == 403


async def test_the_audit_log_is_shown_with_whether_it_is_whole(client: Client, store: Store) -> None:
    await person(store, "root", Role.ADMIN)
    for number in range(120):
        await store.audit.note(ME, Act.SIGN_IN_FAILED, at=NOW, of=f"account <b>{number}</b>")
    await log_in(client, "root")
    page = await (await client.get("/audit")).text()
    assert "The log is whole" in page
    assert "account &lt;b&gt;119&lt;/b&gt;" in page
    older = re.search(r"/audit\?before=(\d+)", page)
    assert older is not None
    assert "Account added" in await (await client.get(f"/audit?before={older[1]}")).text()
    answer = await client.get("/api/v1/audit?limit=2")
    assert [entry["number"] for entry in (await answer.json())["audit"]] == [122, 121]
    async with store.engine.writing() as db:
        await db.execute(update(audit).where(audit.c.number == 5).values(who="x"))
    assert "entry 5 was changed" in await (await client.get("/audit")).text()
    for wrong in ("/audit?before=x", "/api/v1/audit?limit=0"):
        assert (await client.get(wrong)).status == 400
    assert await csrf_of(client, "/audit")


async def test_facts_that_somebody_spoiled_are_shown_as_they_are(client: Client, store: Store) -> None:
    await person(store, "root", Role.ADMIN)
    await log_in(client, "root")
    async with store.engine.writing() as db:
        await db.execute(update(audit).where(audit.c.number == 1).values(before="{", after='"<b>"'))
    answer = await client.get("/audit")
    assert answer.status == 200
    page = await answer.text()
    assert "entry 1 was changed" in page
    assert "&lt;b&gt;" in page
    (_, first) = (await (await client.get("/api/v1/audit")).json())["audit"]
    assert first["before"] == {"unreadable": "{"}


async def test_the_page_says_that_it_verifies_the_end_of_a_long_log(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person(store, "root", Role.ADMIN)
    await log_in(client, "root")
    for _ in range(6):
        await store.audit.note(ME, Act.SIGN_IN_FAILED, at=NOW)
    monkeypatch.setattr("defacewatch.web.auditing.VERIFIED", 4)
    async with store.engine.writing() as db:
        await db.execute(update(audit).where(audit.c.number == 1).values(who="x"))
    assert "The last 4 of 8 entries are whole" in await (await client.get("/audit")).text()
    async with store.engine.writing() as db:
        await db.execute(update(audit).where(audit.c.number == 6).values(who="x"))
    assert "entry 6 was changed" in await (await client.get("/audit")).text()


async def test_an_administrator_without_an_authenticator_gets_no_further_than_setting_it_up(
    serve: Serve, store: Store, clock: Clock
) -> None:
    client = await serve(code_for=Role.ADMIN)
    await person(store, "root", Role.ADMIN)
    await person(store, "an", Role.APPROVER)
    await log_in(client, "root")
    assert (await client.get("/api/v1/audit")).status == 403
    for path in ("/", "/accounts", "/audit"):
        answer = await client.get(path, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/account?code"), path
    token = {"password": PASSWORD, "label": "x", "scope": "admin", "days": "9"}
    refused = await send(client, "/account/tokens", token, page="/account")
    assert refused.headers["Location"] == "/account?code"
    assert "needs a sign-in code" in await (await client.get("/account?code")).text()
    page = await (await send(client, "/account/totp", {"password": PASSWORD}, page="/account")).text()
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    fields = {"secret": hidden(page, "secret"), "code": code_at(found[1].replace(" ", ""), step_at(clock()))}
    assert (await send(client, "/account/totp/confirm", fields, page="/account")).status == 200
    assert (await client.get("/accounts", allow_redirects=False)).status == 200
    client.session.cookie_jar.clear()
    await log_in(client, "an")
    assert (await client.get("/", allow_redirects=False)).status == 200


async def test_a_form_that_was_loaded_before_undoes_nothing_that_another_has_changed_since(
    serve: Serve, store: Store
) -> None:
    await person(store, "root", Role.ADMIN)
    binh = await person(store, "binh", Role.OFFICER)
    client = await serve()
    await log_in(client, "root")
    page = await (await client.get("/accounts")).text()
    assert 'name="was_display" value="Binh"' in page
    was = {"was_display": "Binh", "was_role": "officer", "was_officer": ""}
    path = f"/accounts/{binh.id}/change"
    lower = {"display": "Binh", "role": "viewer", "officer": ""}
    assert (await send(client, path, lower | was, page="/accounts")).status == 303
    stale = {"display": "Trần Thị Bình", "role": "officer", "officer": ""}
    answer = await send(client, path, stale | was, page="/accounts")
    assert "has been changed meanwhile" in await answer.text()
    assert (await store.accounts.named("binh")).role is Role.VIEWER


async def test_the_names_of_facts_in_the_log_are_in_the_readers_language(
    client: Client, store: Store
) -> None:
    await person(store, "root", Role.ADMIN, totp=False)
    await store.portals.import_([portal("a")], now=NOW)
    await store.portals.pause("a", by="root", now=NOW, reason="bảo trì")
    await log_in(client, "root")
    assert "Reason:" in await (await client.get("/audit?lang=en")).text()
    an = await person(store, "an", Role.OFFICER)
    await store.accounts.change(an.id, role="approver", disabled=True, actor=ME, now=NOW)
    page = await (await client.get("/audit?lang=vi")).text()
    assert "Lý do:" in page
    facts = re.sub(r"<[^>]+>", "", page)
    assert "Vai trò: cán bộ → người duyệt" in facts
    assert "Bị khóa: không → có" in facts


async def test_a_text_that_looks_like_a_moment_is_shown_as_it_was_typed(client: Client, store: Store) -> None:
    await person(store, "root", Role.ADMIN)
    of, typed = "portal a", ("9999-12-31T23:59", "2026-03-02T09:00", "tối 2026-03-02T09:00:00+00:00")
    for text in typed:
        await store.audit.note(ME, Act.ANNOUNCED, at=NOW, of=of, after={"reason": text, "starts": text})
    far = {"ends": "9999-12-31T23:59:00+00:00", "expires": "2026-03-02T09:00:00+00:00"}
    await store.audit.note(ME, Act.ANNOUNCED, at=NOW, of=of, after=far)
    await store.audit.note(ME, Act.DECLINED, at=NOW, of=of, after={"reason": "2026-04-05T01:00:00+00:00"})
    await log_in(client, "root")
    answer = await client.get("/audit")
    assert answer.status == 200
    page = html.unescape(await answer.text())
    for text in (*typed, far["ends"], "2026-04-05T01:00:00+00:00"):
        assert f"<bdi>{text}</bdi>" in page, text
    assert f"<bdi>{far['expires']}</bdi>" not in page
    assert "16:00 02/03/2026" in page


async def test_the_log_names_an_officer_beside_what_was_written_and_no_account_by_an_officers_name(
    client: Client, store: Store, around: Around
) -> None:
    around.roster = Roster((Officer("an", "Nguyễn Văn An"),))
    await person(store, "root", Role.ADMIN)
    await log_in(client, "root")
    for source in ("10.0.0.7", "cli:an", "config", "api:10.0.0.7 token 3", "link"):
        await store.audit.note(Actor("an", source), Act.SIGN_IN_FAILED, at=NOW)
    page = await (await client.get("/audit")).text()
    assert page.count('<td data-name="Who">an</td>') == 5
    assert "Nguyễn Văn An" not in page.partition('<table class="log">')[2]
    for source in ("console:10.0.0.7 account mai", "api:10.0.0.7 account mai token 3", "telegram", "email"):
        await store.audit.note(Actor("an", source), Act.ACKNOWLEDGED, at=NOW)
    await store.audit.note(Actor("binh", "console:10.0.0.7 account binh"), Act.ACKNOWLEDGED, at=NOW)
    page = await (await client.get("/audit")).text()
    assert page.count('<td data-name="Who">an<small class="soft">Nguyễn Văn An</small></td>') == 4
    assert '<td data-name="Who">binh</td>' in page
