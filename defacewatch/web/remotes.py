"""Who is at the other end, behind reverse proxies that we know: `X-Forwarded-For`, read from its end."""

import ipaddress
from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from defacewatch.web.access import unmapped

FORWARDED = "X-Forwarded-For"


def behind(proxies: Sequence[str]) -> Middleware:
    """Takes what the proxies in these networks say of an address; of nobody else it is believed."""
    networks = [ipaddress.ip_network(proxy) for proxy in proxies]

    def known(address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in networks)

    @web.middleware
    async def settle(request: web.Request, handler: Handler) -> web.StreamResponse:
        address = unmapped(request.remote or "")
        if known(address):
            hops = [hop.strip() for hop in ",".join(request.headers.getall(FORWARDED, [])).split(",")]
            while known(address) and hops and _is_address(hops[-1]):
                address = unmapped(hops.pop())
        if address != (request.remote or ""):
            request = request.clone(remote=address)
        return await handler(request)

    return settle


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
