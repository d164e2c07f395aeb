"""A roster of four teams, and people of it who sign in at the duty desk."""

from datetime import date, datetime, time

from defacewatch.accounts import Role
from defacewatch.roster import Duty, Officer, Roster
from defacewatch.shifts import Rotation, Slot, Team
from defacewatch.store import Store
from tests.web.conftest import Client
from tests.web.people import log_in, person

SLOTS = (Slot("Ca 1", time(6), time(14)), Slot("Ca 2", time(14), time(22)), Slot("Ca 3", time(22), time(6)))
PEOPLE = ("an", "binh", "cuc", "dung")
TEAMS = tuple(Team(f"kip-{key}", f"Kíp {key}", (key,)) for key in PEOPLE)
ROSTER = Roster(
    (
        *(Officer(k, k.title(), email=f"{k}@example.gov.vn", phone=f"0912{n}") for n, k in enumerate(PEOPLE)),
        Officer("lan", "Lan", Duty.SHIFT_LEAD, email="lan@example.gov.vn", telegram_user=7),
    ),
    rotations=(Rotation(TEAMS, SLOTS, date(2026, 9, 1)),),  # on the 2nd: dung, an, binh
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ROSTER.zone)


async def signed_in_as(
    client: Client, store: Store, name: str, role: Role = Role.OFFICER, *, officer: bool = True
) -> Client:
    await person(store, name, role, officer=name if officer else None)
    assert (await log_in(client, name)).status == 303
    return client


async def shown(client: Client, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status == status, path
    return await answer.text()
