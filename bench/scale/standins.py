"""The mail server and the Bot API server, in a process of their own, and when each message came.

`python -m bench.scale.standins --control PORT` prints a line of JSON with their addresses once they listen.
"""

import argparse
import asyncio
import json
import re
import signal
import time
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from defacewatch.demo.botapi import BotApi
from defacewatch.demo.mailbox import Mailbox
from defacewatch.notify.content import incident_number

TELEGRAM_USER = 1001
_NUMBERS = re.compile(r"(SC-\d+)(?:–(SC-\d+))?")  # one, or those from one to another


@dataclass(frozen=True)
class Receipt:
    """A message that was accepted: `at` in seconds since 1970, and the incidents that it names."""

    channel: str
    at: float
    incidents: tuple[int, ...]


class TimedMailbox(Mailbox):
    """The demo's mail server; it notes what came and keeps no message."""

    def __init__(self, receipts: list[Receipt]) -> None:
        super().__init__()
        self.receipts = receipts

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        at = time.time()
        said = await super().handle_DATA(server, session, envelope)
        for message in self.messages:
            body = message.get_body(("plain",))
            text = f"{message['Subject']}\n{body.get_content() if body else ''}"
            header = message["X-Defacewatch-Incident"]
            numbers = {int(header)} if header else set()
            self.receipts.append(Receipt("email", at, tuple(sorted(numbers | _numbers(text)))))
        self.messages.clear()
        self.raw.clear()
        return said


class TimedBotApi(BotApi):
    """The demo's Bot API server; it notes the texts that came and forgets pictures."""

    def __init__(self, receipts: list[Receipt]) -> None:
        super().__init__(users={TELEGRAM_USER})
        self.receipts = receipts

    async def _api_sendMessage(self, form: Any) -> Any:
        at = time.time()
        said = await super()._api_sendMessage(form)
        numbers = _numbers(str(form.get("text", "")))
        self.receipts.append(Receipt("telegram", at, tuple(sorted(numbers))))
        return said

    async def _keep(self, form: Any, **what: Any) -> dict[str, Any]:
        said = await super()._keep(form, **what)
        self.sent[-1].pictures.clear()
        return said


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for first, last in _NUMBERS.findall(text):
        begin, end = incident_number(first), incident_number(last or first)
        if begin is not None and end is not None:
            found.update(range(begin, end + 1))
    return found


class Postman:
    """The bench's end: what came since the last time, and all of it."""

    def __init__(self, client: aiohttp.ClientSession, port: int) -> None:
        self.client, self.url = client, f"http://127.0.0.1:{port}/receipts"
        self.receipts: list[Receipt] = []

    async def collect(self) -> list[Receipt]:
        """Everything that has come so far."""
        params = {"since": str(len(self.receipts))}
        async with self.client.get(self.url, params=params) as answer:
            answer.raise_for_status()
            new = await answer.json()
        self.receipts += [Receipt(one["channel"], one["at"], tuple(one["incidents"])) for one in new]
        return self.receipts


async def _run(control_port: int) -> None:
    receipts: list[Receipt] = []

    async def since(request: web.Request) -> web.Response:
        first = int(request.query.get("since", "0"))
        return web.json_response([asdict(receipt) for receipt in receipts[first:]])

    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    app = web.Application()
    app.router.add_get("/receipts", since)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    async with TimedMailbox(receipts) as mailbox, TimedBotApi(receipts) as telegram:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", control_port).start()
        print(
            json.dumps({"smtp": mailbox.port, "telegram": telegram.url, "token": telegram.token}), flush=True
        )
        await ended.wait()
        await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.scale.standins")
    parser.add_argument("--control", type=int, required=True)
    asyncio.run(_run(parser.parse_args().control))


if __name__ == "__main__":
    main()
