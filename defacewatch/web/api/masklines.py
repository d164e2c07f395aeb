"""The models of masks and mutes."""

from typing import Annotated

from pydantic import Field

from defacewatch.masks import Standing
from defacewatch.web.api.shared import Listed, Moment, Shape

Share = Annotated[float, Field(description="Of the first screen (0..1).")]


class RectangleLine(Shape):
    """In px of the page as it is captured, 1280 wide."""

    left: int
    top: int
    width: int
    height: int


class MaskLine(RectangleLine):
    id: int
    page: str
    state: Standing
    blocks: list[str]
    reason: str
    capture: str
    by: str
    at: Moment
    expires: Moment
    confirmed_by: str | None
    confirmed_at: Moment | None
    ended_by: str | None
    ended_at: Moment | None


class BlockLine(Shape):
    """A block of the document that a mask can name, and where elements of that path stand."""

    block: str
    covered: Annotated[bool, Field(description="Whether the rectangle that was asked about covers one.")]
    boxes: list[RectangleLine]


class Ground(Shape):
    """What masks of a page are drawn on. `drawn` is the rectangle that was asked about as it would be
    entered, `covers` its share; `used` is the share of all that apply or wait. `moving` is what the page's
    profile knows to move, `suggested` what of it no mask covers."""

    page: str
    capture: str
    height: Annotated[int, Field(description="Of the picture, in px.")]
    critical: Annotated[bool, Field(description="A second person has to confirm what is drawn.")]
    used: Share
    most: Share
    drawn: RectangleLine | None
    covers: Share | None
    moving: list[RectangleLine]
    suggested: list[RectangleLine]
    blocks: list[BlockLine]


class MuteLine(Shape):
    """A difference that a false alarm has muted; `ends_at` null: until another look is approved."""

    id: int
    page: str
    identity: str
    by: str
    at: Moment
    incident: int | None
    ends_at: Moment | None


class Masks(Listed):
    masks: list[MaskLine]


class Mutes(Listed):
    mutes: list[MuteLine]
