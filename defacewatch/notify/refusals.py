"""What is in the way of an operation, as an officer reads it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from defacewatch.errors import DefacewatchError
from defacewatch.incidents import Resolution
from defacewatch.language import N_, Translate, local_time
from defacewatch.notify.content import incident_code

RESOLUTIONS: Mapping[Resolution, str] = {
    Resolution.RESTORED: N_("page restored"),
    Resolution.FALSE_ALARM: N_("false alarm"),
    Resolution.LEGITIMATE: N_("legitimate update"),
    Resolution.DRILL: N_("drill"),
}


def refusal(error: DefacewatchError, _: Translate, *, zone: str, name_of: Callable[[str], str]) -> str:
    """An error as a sentence in the reader's language: people (`by`, `people`) by the names that `name_of`
    gives for their keys, times as they are in `zone`, incidents by their codes."""
    instead: dict[str, object] = {}
    for fact, value in error.facts.items():
        if isinstance(value, datetime):
            instead[fact] = local_time(value, zone)
        elif isinstance(value, Resolution):
            instead[fact] = _(RESOLUTIONS[value])
        elif fact == "by":
            instead[fact] = name_of(str(value))
        elif fact == "people":
            instead[fact] = ", ".join(name_of(key) for key in str(value).split(", "))
        elif fact == "incident" and isinstance(value, int):
            instead[fact] = incident_code(value)
    said = error.said(_, **instead)
    return said[:1].upper() + said[1:]
