"""The three pictures of the console that the README shows: `python -m tests.web.best docs`."""

import asyncio
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from defacewatch.store.engine import parse
from defacewatch.store.migrate import migrate
from tests.store.samples import CLEAN, MINUTE, portal
from tests.web.gallery import looking, seen_as, settled
from tests.web.pages import Shown, visit
from tests.web.pagestage import HUES, PORTALS, learned, noted, picture
from tests.web.stage import AT, OFFICER, WALL, Stage, staged

COMMUNES = (
    *("Phố Hiến", "Sơn Nam", "Hồng Châu", "Tân Hưng", "Hoàng Hoa Thám", "Tiên Lữ", "Tiên Hoa", "Quang Hưng"),
    *("Đoàn Đào", "Tiên Tiến", "Tống Trân", "Lương Bằng", "Nghĩa Dân", "Hiệp Cường", "Đức Hợp", "Ân Thi"),
    *("Xuân Trúc", "Phạm Ngũ Lão", "Nguyễn Trãi", "Hồng Quang", "Khoái Châu", "Triệu Việt Vương"),
    *("Việt Tiến", "Chí Minh", "Châu Ninh", "Yên Mỹ", "Việt Yên", "Hoàn Long", "Nguyễn Văn Linh"),
    *("Như Quỳnh", "Lạc Đạo", "Đại Đồng", "Nghĩa Trụ", "Phụng Công", "Văn Giang", "Mễ Sở"),
)
SHOTS = (  # name, address, who looks, width, height, scheme
    ("wall", "/", WALL, 1600, 1240, "light"),
    ("incident", "/incidents/{incident}", OFFICER, 1280, 1000, "light"),
    ("phone", "/incidents/{waiting}", OFFICER, 390, 844, "dark"),
)


async def crowd(stage: Stage) -> None:
    """Many more portals, which look as approved."""
    more = [portal(f"xa{number}", name=f"UBND xã {name}") for number, name in enumerate(COMMUNES)]
    await stage.store.portals.apply([*PORTALS, *more], now=AT)
    hues = sorted(HUES.values())
    for number, one in enumerate(more):
        page = (await stage.store.portals.get(one.key)).pages[0].id
        await learned(stage.store, page, picture(hue=hues[number % len(hues)]), every=6)
        await noted(stage.store, page, CLEAN, AT - MINUTE, 0.4)


async def draw(folder: Path, stage: Stage) -> list[Path]:
    """What one sees of each page without scrolling."""
    files: list[Path] = []
    async with looking() as page:
        for name, address, who, width, height, scheme in SHOTS:
            await seen_as(page, width, scheme)
            await visit(page, Shown(name, "", address, who), stage)
            await page.set_viewport_size({"width": width, "height": height})
            await settled(page)
            shot = Image.open(io.BytesIO(await page.screenshot(animations="disabled"))).convert("RGB")
            files.append(folder / f"{name}.png")
            shot.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(files[-1], optimize=True)
    return files


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as kept:
        url = f"sqlite+aiosqlite:///{kept}/store.db"
        await asyncio.to_thread(migrate, parse(url))
        async with staged(url, Path(kept)) as stage:
            await crowd(stage)
            for file in await draw(folder, stage):
                print(file, file.stat().st_size)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
