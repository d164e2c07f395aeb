"""The routes of the duty desk."""

from aiohttp import web

from defacewatch.web import duty, filing, handingover, maintenance, preview, rota, trying

NUMBER = r"{id:\d{1,18}}"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/duty", duty.show),
        web.get("/duty/roster", rota.show),
        web.post("/duty/leave", rota.leave),
        web.post("/duty/swap", rota.swap),
        web.post(f"/duty/absences/{NUMBER}/withdraw", rota.withdraw),
        web.post("/duty/calendar-link", rota.calendar_link),
        web.get("/duty/preview", preview.show),
        web.get("/duty/handovers", handingover.show),
        web.post(f"/duty/handovers/{NUMBER}/confirm", handingover.confirm),
        web.get(f"/duty/handovers/{NUMBER}/record.docx", handingover.record),
        web.get("/duty/windows", maintenance.show),
        web.post("/duty/windows", maintenance.announce),
        web.post(f"/duty/windows/{NUMBER}/end", maintenance.end),
        web.post("/duty/announce-link", maintenance.link),
        web.get("/duty/channels", trying.show),
        web.post("/duty/channels/test", trying.send),
        web.post("/duty/channels/received", trying.received),
        web.get("/duty/reports", filing.show),
        web.get(r"/duty/reports/{month:[\d-]{7}}.{form:[a-z]{3,4}}", filing.report),
    ]
