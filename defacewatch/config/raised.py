"""roster.yaml: raised watch."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from defacewatch.config.fields import (
    Day,
    Factor,
    Flag,
    HolidayName,
    ProbeEvery,
    RenderEvery,
    Section,
    Text,
    whole,
)
from defacewatch.raising import HolidayWatch, RaisedWatch


class RaisedEntry(Section):
    """A period `from`..`to`, or one around each of these `holidays`, from days `before` to days `after`."""

    name: Text
    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")
    holidays: tuple[HolidayName, ...] | None = Field(default=None, min_length=1)
    before: Annotated[int, whole(0, 30)] = 0
    after: Annotated[int, whole(0, 30)] = 0
    probe_every: ProbeEvery | None = None
    render_every: RenderEvery | None = None
    hasten: Factor = 1.0
    urgent_changes: Flag = False

    @model_validator(mode="after")
    def _when(self) -> "RaisedEntry":
        dated = self.first is not None and self.last is not None
        half = (self.first is None) != (self.last is None)
        if half or dated == (self.holidays is not None):
            raise ValueError("expected either from and to, or holidays")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"expected to ({self.last}) not before from ({self.first})")
        if self.holidays is None and (self.before or self.after):
            raise ValueError("expected before and after with holidays only")
        return self

    def watch(self) -> RaisedWatch:
        return RaisedWatch(
            self.name,
            self.first or date.min,
            self.last or date.min,
            self.probe_every,
            self.render_every,
            self.hasten,
            self.urgent_changes,
        )

    def rule(self) -> HolidayWatch:
        return HolidayWatch(self.watch(), frozenset(self.holidays or ()), self.before, self.after)
