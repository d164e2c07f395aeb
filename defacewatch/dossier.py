"""All that is known of an incident in one: what the command shows, and an archive with its evidence."""

import asyncio
import io
import json
import tarfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from defacewatch import shapes
from defacewatch.language import Translate
from defacewatch.store import Store

CHECKS = 1000  # of a page, the latest that are looked through for those of an incident


async def whole(store: Store, number: int, translate: Translate) -> shapes.Line:
    """An incident with its timeline, its checks and who was told. Raises NotFound."""
    view = await store.incidents.get(number)
    timeline = await store.incidents.timeline(number)
    deliveries = await store.alerts.deliveries(incident=number)
    return {
        **shapes.incident_line(view.incident, view.portal, view.page, campaign=view.campaign),
        "resolved_by": view.incident.resolved_by,
        "resolved_at": shapes.moment(view.incident.resolved_at),
        "intermittent": view.incident.intermittent,
        "previous": view.incident.previous,
        "capture": view.incident.capture,
        "timeline": [
            {
                "at": shapes.moment(e.at),
                "event": str(e.event),
                "by": e.by,
                "via": e.via,
                "text": e.text,
                "verdict": e.verdict,
                "capture": e.capture,
            }
            for e in timeline
        ],
        "checks": [
            shapes.check_line(
                view.portal,
                view.page,
                check.verdict,
                at=check.at,
                tier=check.tier,
                translate=translate,
                dom_hash=check.dom_hash,
                screen_hash=check.screen_hash,
                capture=check.capture,
                incident=check.incident,
            )
            for check in await store.checks.history(view.page.id, limit=CHECKS)
            if check.incident == number and check.verdict.signals
        ],
        "deliveries": [shapes.delivery_line(d) for d in deliveries],
    }


async def files_of(store: Store, number: int, translate: Translate) -> dict[str, bytes]:
    """An incident with the documents and pictures before and after, as files by their names; documents end
    in .txt, so that nothing opens them as pages. Raises NotFound, and DefacewatchError for a damaged blob."""
    line: dict[str, Any] = await whole(store, number, translate)
    files: dict[str, bytes] = {}
    baseline = await store.baselines.get(line["page"])
    named = {"before": baseline.looks[-1].capture if baseline else None, "after": line["capture"]}
    for side, capture_id in named.items():
        if capture_id is None:
            continue
        capture = await store.baselines.capture(capture_id)
        line[side] = {**shapes.capture_line(capture), "details": shapes.plain(capture.details)}
        for part, blob, suffix in (
            ("served", capture.served, "html.txt"),
            ("dom", capture.dom, "html.txt"),
            ("screen", capture.screenshot, "png"),
            ("look", capture.facts, "json"),
        ):
            files[f"{side}-{part}.{suffix}"] = await store.pictures(blob)
            line[side][f"{part}_sha256"] = blob
    files["incident.json"] = json.dumps(line, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    return files


async def archive_of(number: int, files: Mapping[str, bytes], now: datetime) -> bytes:
    """The files as a .tar.gz, in a folder of the incident's name."""
    return await asyncio.to_thread(_packed, f"incident-{number}", files, int(now.timestamp()))


def _packed(folder: str, files: Mapping[str, bytes], now: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size, info.mtime = len(data), now
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
