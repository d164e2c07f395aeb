"""A store in which every page of the farm is learned and approved, made once and kept.

The first 200 pages are really learned: `defacewatch learn`, `baseline approve`, and a check with the browser,
as an administrator would. Pages beyond them are like one of those, and are given its state (see `cloning`).
What is kept is found again by size, seed, port, corpus or none, and a hash of everything that it depends on.
"""

import asyncio
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.scale.cloning import Twin, clone, engine_of, spread, transfer, utc_now
from bench.scale.farmhand import Field
from bench.scale.layout import LEARNED, Layout, donor
from bench.scale.subject import Pace, Subject, page_of
from defacewatch import store
from defacewatch.compare import VERSION
from defacewatch.store.engine import parse
from defacewatch.store.migrate import migrate

CACHE = Path("~/.cache/defacewatch-bench/scale").expanduser()
STORE = "sqlite+aiosqlite:///data/defacewatch.db"  # as it is prepared; from the daemon's folder
_DATABASE = Path("data/defacewatch.db")
_READY = "ready.json"
_MAKERS = ("attacks", "cloning", "farm", "generated", "layout", "looks", "mirrored", "pictures", "words")
_NOT_CLEAN = (10, 11, 12, 13)  # exit codes of `check` that are findings, not failures

SECOND_LOOKS = 2  # rounds in which odd pages are approved as they look now

Say = Callable[[str], None]
Line = dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A folder with `data` and `baselines`, and what was not clean when everything had been learned."""

    folder: Path
    odd: tuple[str, ...]


class Preparing:
    """Makes prepared stores, or finds them in the cache. `fresh` makes them again."""

    def __init__(self, layout: Layout, *, corpus: bool, fresh: bool, say: Say, cache: Path = CACHE) -> None:
        self.layout, self.corpus, self.fresh, self.say, self.cache = layout, corpus, fresh, say, cache

    async def prepared(self, fields: Sequence[Field], standins: Mapping[str, Any]) -> Prepared:
        """The store for these pages, which the farm serves meanwhile, untroubled and without delay."""
        learned = await self._learned(fields[:LEARNED], standins)
        if len(fields) <= LEARNED:
            return learned
        return await self._cloned(learned, fields, standins)

    async def _learned(self, fields: Sequence[Field], standins: Mapping[str, Any]) -> Prepared:
        folder = self._folder(len(fields))
        if (found := self._found(folder)) is not None:
            return found
        began = time.monotonic()
        self.say(f"learning and approving {len(fields)} pages: once, then kept in {folder}")
        subject = Subject(folder, STORE, standins)
        subject.configure(fields, Pace())
        await subject.command("learn", "--samples", "3", "--every", "1s", "--by", "an")
        await subject.command("baseline", "approve", "--all-proposed", "--by", "binh")
        odd = await _checked(subject)
        for _ in range(SECOND_LOOKS):
            if odd:
                odd = await _taught(subject, odd)
        self.say(f"learned in {time.monotonic() - began:.0f} s; {len(odd)} pages not clean")
        return _ready(folder, tuple(_said(line) for line in odd))

    async def _cloned(
        self, learned: Prepared, fields: Sequence[Field], standins: Mapping[str, Any]
    ) -> Prepared:
        folder = self._folder(len(fields))
        if (found := self._found(folder)) is not None:
            return found
        began = time.monotonic()
        copy(learned.folder, folder)
        subject = Subject(folder, STORE, standins)
        subject.configure(fields, Pace())
        await subject.command("portals", "list", "--json")  # every command registers what is configured
        await asyncio.to_thread(_clone, folder, _twins(fields))
        self.say(
            f"{len(fields) - LEARNED} pages were given the state of those that they are like,"
            f" in {time.monotonic() - began:.0f} s"
        )
        return _ready(folder, learned.odd)

    def _folder(self, size: int) -> Path:
        layout = self.layout
        corpus = "corpus" if self.corpus else "generated"
        return self.cache / f"{size}-seed{layout.seed}-port{layout.port}-{corpus}-{_fingerprint()}"

    def _found(self, folder: Path) -> Prepared | None:
        ready = folder / _READY
        if ready.is_file() and not self.fresh:
            return Prepared(folder, tuple(json.loads(ready.read_text("utf-8"))["odd"]))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return None


def copy(source: Path, target: Path) -> None:
    """Database, evidence and baselines of a prepared folder; blobs are linked where that can be."""
    shutil.copytree(source / "data", target / "data", copy_function=_linked)
    shutil.copytree(source / "baselines", target / "baselines", copy_function=_linked)


def stage(prepared: Prepared, folder: Path, url: str, *, pace: timedelta, captures_over: timedelta) -> None:
    """Put a prepared store where a run uses it, in `folder` or in the PostgreSQL database at `url`, as a
    daemon leaves it that has been running until now. `pace` is the probes' interval."""
    copy(prepared.folder, folder)
    kept = f"sqlite:///{folder / _DATABASE}"
    if url != STORE:
        migrate(parse(url))
        with engine_of(kept).connect() as source, engine_of(url).begin() as target:
            transfer(source, target)
    with engine_of(kept if url == STORE else url).begin() as db:
        spread(db, now=utc_now(), captures_over=captures_over, probes_over=pace)


def _twins(fields: Sequence[Field]) -> list[Twin]:
    found = []
    for field in fields:
        like = donor(field.number)
        if like is not None:
            other = fields[like]
            found.append(Twin(page_of(field), _host(field.url), page_of(other), _host(other.url)))
    return found


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _clone(folder: Path, twins: Sequence[Twin]) -> None:
    with engine_of(f"sqlite:///{folder / _DATABASE}").begin() as db:
        clone(db, twins)


def _ready(folder: Path, odd: tuple[str, ...]) -> Prepared:
    (folder / _READY).write_text(json.dumps({"odd": odd}, ensure_ascii=False), "utf-8")
    return Prepared(folder, odd)


async def _checked(subject: Subject, *pages: str) -> list[Line]:
    """What `check --json` says of pages (all by default) that are not clean."""
    words = ("check", *pages, "--render", "--json")
    printed = await subject.command(*words, allowed=(0, *_NOT_CLEAN))
    lines = [json.loads(line) for line in printed.splitlines()]
    return [line for line in lines if line["verdict"] != "clean"]


async def _taught(subject: Subject, odd: Sequence[Line]) -> list[Line]:
    """Approve how the odd pages look now besides how they looked before, as a person does who sees that a
    slider has moved on; those that are odd again."""
    for line in odd:
        if line["capture"]:
            words = ("--also", "--by", "binh", "--reason", "the slider has moved on")
            await subject.command("baseline", "approve", line["capture"], *words)
    return await _checked(subject, *(line["page"] for line in odd))


def _said(line: Line) -> str:
    kinds = ", ".join(signal["kind"] for signal in line["signals"])
    return f"{line['page']} {line['url']} {line['verdict']}: {kinds}"


def _linked(source: str, target: str) -> str:
    """Blobs never change, so a second name for them will do; a database does, and is copied."""
    if Path(source).suffix in (".gz", ".png", ".jpg"):
        try:
            os.link(source, target)
        except OSError:
            return shutil.copy2(source, target)
        return target
    return shutil.copy2(source, target)


def _fingerprint() -> str:
    """Changes with the pages, with how they are read, and with the tables."""
    digest = hashlib.sha256(str(VERSION).encode())
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in _MAKERS]
    files += sorted((Path(store.__file__).parent / "migrations/versions").glob("*.py"))
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
