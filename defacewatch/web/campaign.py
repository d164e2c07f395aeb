"""A campaign: incidents that belong together, and what they have in common."""

from aiohttp import web

from defacewatch.errors import NotFound
from defacewatch.incidents import State
from defacewatch.notify.content import campaign_code, common
from defacewatch.rostering import names
from defacewatch.web.console import console_of, words_of
from defacewatch.web.words import WORST_FIRST

SHOWN = 500  # incidents


async def campaign_page(request: web.Request) -> web.Response:
    console, words = console_of(request), words_of(request)
    try:
        campaign = await console.store.campaigns.get(int(request.match_info["id"]))
    except NotFound:
        raise web.HTTPNotFound from None
    views = await console.store.campaigns.members(campaign.id)
    holders = {view.incident.acknowledged_by for view in views if view.incident.acknowledged_by}
    return console.renderer.page(
        "campaign.html",
        words,
        campaign=campaign,
        code=campaign_code(campaign.id),
        common=common(campaign.because, words._),
        worst=min((v.incident.verdict for v in views), key=WORST_FIRST.index, default=None),
        drill=bool(views) and all(view.page.drill for view in views),
        views=views[:SHOWN],
        unseen=max(0, len(views) - SHOWN),
        portals=len({view.portal.key for view in views}),
        waiting=sum(view.incident.state is State.OPEN for view in views),
        present=sum(view.incident.present and view.incident.state is not State.RESOLVED for view in views),
        holders=names(console.roster(), sorted(holders)),
    )
