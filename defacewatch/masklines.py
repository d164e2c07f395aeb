"""The JSON shapes of masks: what `masks … --json` prints."""

from datetime import datetime

from defacewatch.masks import Mask, Rectangle
from defacewatch.shapes import Line, moment


def mask_line(mask: Mask, *, critical: bool, now: datetime) -> Line:
    """A mask of a page of a portal that is `critical` or not, as it stands at `now`."""
    return {
        "id": mask.id,
        "page": mask.page,
        "state": mask.standing(now, critical=critical).value,
        **rectangle_line(mask.rectangle),
        "blocks": list(mask.blocks),
        "reason": mask.reason,
        "capture": mask.capture,
        "by": mask.by,
        "at": moment(mask.at),
        "expires": moment(mask.expires),
        "confirmed_by": mask.confirmed_by,
        "confirmed_at": moment(mask.confirmed_at),
        "ended_by": mask.ended_by,
        "ended_at": moment(mask.ended_at),
    }


def region_line(path: str, box: Rectangle) -> Line:
    """A block of a page, and where it stands (px)."""
    return {"block": path, **rectangle_line(box)}


def rectangle_line(box: Rectangle) -> Line:
    """A part of a page as it is captured, in px."""
    return {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
