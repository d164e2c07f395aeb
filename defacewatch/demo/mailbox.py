"""A small SMTP server on loopback that keeps what it is given, for the demo and the tests."""

import asyncio
import email
import email.policy
import itertools
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

MESSAGE_LIMIT = 25 * 1024 * 1024


@dataclass(frozen=True)
class Rejection:
    """How messages are refused: the reply, and at which command ('RCPT' or 'DATA'). `over` refuses only
    messages of more than that many bytes."""

    reply: str
    at: str = "DATA"
    over: int = 0


class Mailbox:
    """The server. `async with Mailbox() as mailbox:` listens on a free loopback port, `mailbox.port`.

    `starttls` offers STARTTLS with that context, `tls` speaks TLS from the first byte; `users` (name to
    password) makes it ask for a login. `size` is the largest message in bytes.
    """

    def __init__(
        self,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        users: dict[str, str] | None = None,
        size: int = MESSAGE_LIMIT,
    ) -> None:
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.logins: list[str] = []
        self.port = 0
        self._starttls, self._tls, self._users, self._size = starttls, tls, users, size
        self._rejection: Rejection | None = None
        self._queue_ids = itertools.count(1)
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._sessions: set[SMTP] = set()

    async def __aenter__(self) -> "Mailbox":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> int:
        """Listen (again, on the same port as before); the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._session, "127.0.0.1", self.port, ssl=self._tls, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Be down: nothing listens on the port, open sessions are cut."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for session in self._sessions:
            if session.transport is not None:
                session.transport.close()
        self._sessions.clear()

    def reject(self, reply: str, *, at: str = "DATA", over: int = 0) -> None:
        """Refuse messages with `reply` ('451 4.3.0 try later') until `accept`."""
        self._rejection = Rejection(reply, at, over)

    def accept(self) -> None:
        self._rejection = None

    async def wait_for(
        self, predicate: Callable[[EmailMessage], bool], timeout: float = 10.0
    ) -> EmailMessage:
        """The first message that `predicate` holds for, waiting up to `timeout` seconds (TimeoutError)."""

        def first() -> EmailMessage | None:
            return next((message for message in self.messages if predicate(message)), None)

        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: first() is not None)
        found = first()
        assert found is not None
        return found

    def _session(self) -> SMTP:
        session = SMTP(
            self,
            hostname="mailbox.localhost",
            ident="defacewatch demo mailbox",
            data_size_limit=self._size,
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            auth_required=self._users is not None,
            auth_require_tls=self._starttls is not None,
            authenticator=self._login if self._users is not None else None,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.add(session)
        return session

    def _login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        known = self._users or {}
        if isinstance(data, LoginPassword):
            name, password = data.login.decode(), data.password.decode()
            if known.get(name) == password:
                self.logins.append(name)
                return AuthResult(success=True)
        return AuthResult(success=False, handled=False)

    # The names of these hooks are aiosmtpd's.
    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._rejection is not None and self._rejection.at == "RCPT":
            return self._rejection.reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        rejection = self._rejection
        if rejection is not None and rejection.at == "DATA" and len(content) > rejection.over:
            return rejection.reply
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        async with self._changed:
            self.raw.append(content)
            self.messages.append(message)
            self._changed.notify_all()
        return f"250 2.0.0 Ok: queued as DEMO{next(self._queue_ids):06d}"
