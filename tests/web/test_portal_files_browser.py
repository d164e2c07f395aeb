"""A file of portals with mistakes in it, mended and imported in a real browser, with scripts and without."""

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from defacewatch.accounts import Role
from defacewatch.store import Store
from tests.store.samples import NOW, portal
from tests.web.conftest import Client
from tests.web.people import PASSWORD, person
from tests.web.test_sign_in_browser import screen

__all__ = ["screen"]
PATIENCE = 60_000  # milliseconds, on a machine that has much else to do
COLUMNS = "key,name,owner,level,url\n"
WRONG = (
    "moi,Cổng mới,UBND tỉnh,9,https://moi.gov.vn/\n"  # there are five levels
    "songhong,Sở Nội vụ,,2,ftp://songhong.gov.vn/\n"  # not looked at
    "tot,Cổng tốt,,1,https://tot.gov.vn/\n"
)
MENDED = (
    "moi,Cổng mới,UBND tỉnh,3,https://moi.gov.vn/\n"
    "moi,,,,https://moi.gov.vn/tin\n"
    "songhong,Sở Nội vụ và Lao động,Văn phòng UBND tỉnh,3,https://songhong.gov.vn/\n"
    "phohien,Cổng phohien,Văn phòng UBND tỉnh,3,https://phohien.gov.vn/\n"
)
PROVISIONED = "hungyen,Tên khác,Văn phòng UBND tỉnh,3,https://hungyen.gov.vn/\n"


@pytest.fixture
async def counter(screen: Page, client: Client, store: Store) -> Page:
    """The page for importing, before an administrator; two portals are the console's and one is a file's."""
    await person(store, "root", Role.ADMIN)
    of_console = [portal("songhong", name="Sở Nội vụ"), portal("phohien", name="Cổng phohien")]
    await store.portals.apply([portal("hungyen")], now=NOW)
    await store.portals.import_(of_console, now=NOW)
    await screen.goto(str(client.make_url("/login?lang=vi")))
    await screen.fill("#user", "root")
    await screen.fill("#password", PASSWORD)
    await screen.click("main button >> nth=0")
    await screen.wait_for_url(str(client.make_url("/")), timeout=PATIENCE)
    await screen.goto(str(client.make_url("/register/import")))
    return screen


async def upload(page: Page, rows: str) -> None:
    """Choose a file of these rows, as a spreadsheet saves it, and ask what it would do."""
    content = "\ufeff" + COLUMNS + rows
    file: FilePayload = {"name": "cổng.csv", "mimeType": "text/csv", "buffer": content.encode()}
    await page.set_input_files("#file", file)
    await page.get_by_role("button", name="Xem trước thay đổi").click()


def moves(page: Page) -> Locator:
    return page.locator("ul.moves li")


async def test_the_rows_that_are_wrong_are_shown_and_the_mended_file_is_imported_as_it_was_shown(
    counter: Page, client: Client, store: Store
) -> None:
    before = await store.portals.all()
    await upload(counter, WRONG)
    mistakes = counter.locator("table.mistakes tbody tr")
    await expect(mistakes).to_have_count(2, timeout=PATIENCE)
    await expect(counter.get_by_role("alert")).to_contain_text("cổng.csv")
    rows = [await row.locator("td").all_inner_texts() for row in await mistakes.all()]
    assert [(line, field) for line, field, _ in rows] == [("2", "Cấp độ"), ("3", "Địa chỉ")]
    assert all(why.strip() for *_, why in rows)
    await expect(counter.get_by_role("button", name="Nhập đúng như trên")).to_have_count(0)
    assert await store.portals.all() == before, "nothing of a file with mistakes is taken"

    await upload(counter, MENDED + PROVISIONED)
    await expect(moves(counter)).to_have_text(
        ["1 thêm mới", "1 đã sửa", "1 giữ nguyên", "1 bị từ chối"], timeout=PATIENCE
    )
    await expect(counter.locator("section.refused")).to_contain_text("Tên khác")
    await expect(counter.get_by_role("button", name="Nhập đúng như trên")).to_have_count(0)

    await upload(counter, MENDED)
    await expect(moves(counter)).to_have_text(
        ["1 thêm mới", "1 đã sửa", "1 giữ nguyên", "0 bị từ chối"], timeout=PATIENCE
    )
    would = counter.locator("section[aria-labelledby='would']")
    await expect(would.locator("del")).to_have_text("Sở Nội vụ")
    await expect(would.locator("ins")).to_have_text("Sở Nội vụ và Lao động")
    await expect(would).to_contain_text("https://moi.gov.vn/")
    assert await store.portals.all() == before, "it is only shown"
    await counter.get_by_role("button", name="Nhập đúng như trên").click()
    await expect(counter.get_by_role("status")).to_contain_text("1 thêm mới", timeout=PATIENCE)

    await counter.goto(str(client.make_url("/portals")))
    listed = counter.locator("table.register tbody tr")
    await expect(listed).to_have_count(4)
    for name in ("Cổng mới", "Sở Nội vụ và Lao động", "Cổng phohien"):
        await expect(listed.filter(has_text=name)).to_have_count(1)
    kept = {one.key: one for one in await store.portals.all()}
    assert [page.url for page in kept["moi"].pages] == ["https://moi.gov.vn/", "https://moi.gov.vn/tin"]
    assert kept["songhong"].pages[0].id == next(p for p in before if p.key == "songhong").pages[0].id
    assert kept["hungyen"].name == next(p for p in before if p.key == "hungyen").name
