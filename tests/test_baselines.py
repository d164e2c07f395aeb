from datetime import datetime

import pytest

from defacewatch.baselines import check_approval
from defacewatch.captures import Capture
from defacewatch.errors import Conflict, DefacewatchError, UsageError
from defacewatch.portals import Portal


def capture(now: datetime, proposed_by: str | None) -> Capture:
    return Capture(
        id="c1",
        page="p-1",
        at=now,
        served="",
        dom="",
        screenshot="",
        facts="",
        dom_hash="",
        screen_hash="",
        final_url="",
        status=200,
        title="",
        proposed_by=proposed_by,
    )


@pytest.mark.parametrize(
    ("critical", "proposed_by", "by", "error"),
    [
        (False, None, "an", None),
        (False, "an", "an", None),
        (True, "an", "binh", None),
        (True, "an", "an", Conflict),
        (True, "An", " an ", Conflict),
        (True, "Nguyễn Văn An", "nguye\u0302\u0303n va\u0306n an", Conflict),
        (True, "Nguyễn Văn An", "Nguyễn\u00a0 Văn\t An", Conflict),
        (True, "an", "a\u200bn\ufeff", Conflict),
        (True, "an", "\uff41\uff4e", Conflict),
        (True, "Nguyễn Văn An", "Nguyễn Văn Ân", None),
        (True, None, "an", Conflict),
    ],
)
def test_a_critical_portal_needs_a_second_person(
    critical: bool, proposed_by: str | None, by: str, error: type[DefacewatchError] | None, now: datetime
) -> None:
    portal = Portal("p", "Cổng", critical=critical)
    if error is None:
        check_approval(portal, capture(now, proposed_by), by=by, reason="giao diện mới")
    else:
        with pytest.raises(error, match="critical"):
            check_approval(portal, capture(now, proposed_by), by=by, reason="giao diện mới")


@pytest.mark.parametrize(("by", "reason"), [("", "r"), ("an", "  "), ("\u200b", "r")])
def test_an_approval_says_who_and_why(by: str, reason: str, now: datetime) -> None:
    with pytest.raises(UsageError, match="--by"):
        check_approval(Portal("p", "Cổng"), capture(now, None), by=by, reason=reason)
