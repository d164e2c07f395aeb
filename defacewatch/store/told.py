"""What an alert is about, gathered for whoever writes its message."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import Alert
from defacewatch.campaigns import Campaign
from defacewatch.incidents import Incident
from defacewatch.portals import Page, Portal
from defacewatch.store.campaigns import campaign_of
from defacewatch.store.portals import page_with_portal
from defacewatch.store.rows import Columns, alert_of, incident_of, part, verdict_of
from defacewatch.store.schema import approvals, captures, checks, incidents
from defacewatch.store.stormschema import campaign_members, campaigns
from defacewatch.verdicts import Verdict


@dataclass(frozen=True)
class Told:
    """What an alert is about. `verdict` and `confirmed_at` are of the check that raised it; `before` and
    `after` are blobs of screenshots: of the look approved then, and of the page as it was seen."""

    alert: Alert
    portal: Portal | None = None
    page: Page | None = None
    incident: Incident | None = None
    verdict: Verdict | None = None
    confirmed_at: datetime | None = None
    before: str | None = None
    after: str | None = None
    capture: str | None = None
    campaign: Campaign | None = None
    together: int = 0


async def told_of(db: AsyncConnection, alert: Columns) -> Told:
    portal = page = incident = verdict = confirmed_at = before = after = campaign = None
    together = 0
    if alert["page"] is not None:
        portal, page = await page_with_portal(db, alert["page"])
        before = await _approved_screenshot(db, page.id, alert["at"])
    if alert["incident"] is not None:
        story = (await db.execute(select(incidents).where(incidents.c.id == alert["incident"]))).one()
        incident = incident_of(part(story, incidents))
        campaign, together = await _campaign(db, incident.id)
    if alert["check"] is not None:
        check = (await db.execute(select(checks).where(checks.c.id == alert["check"]))).one()
        verdict, confirmed_at = verdict_of(part(check, checks)), check.at
    if alert["capture"] is not None:
        there = (captures.c.id == alert["capture"], captures.c.expired_at.is_(None))
        after = await db.scalar(select(captures.c.screenshot).where(*there))
    return Told(
        alert_of(alert),
        portal,
        page,
        incident,
        verdict,
        confirmed_at,
        before,
        after,
        alert["capture"],
        campaign,
        together,
    )


async def _campaign(db: AsyncConnection, incident: int) -> tuple[Campaign | None, int]:
    """The campaign that an incident is in, and how many incidents are."""
    of_it = campaign_members.c.incident == incident
    query = select(campaigns).join(campaign_members, campaign_members.c.campaign == campaigns.c.id)
    row = (await db.execute(query.where(of_it))).one_or_none()
    if row is None:
        return None, 0
    count = select(func.count()).where(campaign_members.c.campaign == row.id)
    return campaign_of(row), await db.scalar(count) or 0


async def _approved_screenshot(db: AsyncConnection, page: str, at: datetime) -> str | None:
    """The screenshot that was approved when an alert was raised, even if it has been replaced since."""
    then = and_(
        approvals.c.page == page,
        approvals.c.at <= at,
        or_(approvals.c.withdrawn_at.is_(None), approvals.c.withdrawn_at > at),
    )
    query = select(captures.c.screenshot).join(approvals, approvals.c.capture == captures.c.id).where(then)
    return await db.scalar(query.order_by(approvals.c.id.desc()).limit(1))
