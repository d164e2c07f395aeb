"""Inbound Telegram: commands and buttons, only from officers of the roster, known by their user id.

The chat does not matter: a button that a stranger presses in a group is refused, whoever forwarded it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

import structlog
from telegram import BotCommand, CallbackQuery, Chat, Message, Update
from telegram.error import RetryAfter, TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    ExtBot,
    MessageHandler,
    filters,
)

from defacewatch.alerts import DeliveryError
from defacewatch.bot import answers
from defacewatch.bot.presses import Answer, Presses
from defacewatch.errors import DefacewatchError
from defacewatch.incidents import State
from defacewatch.language import LANGUAGES, Translate, translator
from defacewatch.notify import botapi
from defacewatch.notify.buttons import Action, Press, parse
from defacewatch.notify.content import campaign_number, incident_number
from defacewatch.notify.hostile import bounded
from defacewatch.roster import Officer, Roster, raised
from defacewatch.runbooks import Runbook, runbook_for
from defacewatch.store import Store

log = structlog.get_logger(__name__)

POLL = timedelta(seconds=25)  # how long Telegram may hold a request for updates open
WITHIN = 30.0  # seconds for one update
PAUSES = (1.0, 60.0)  # seconds between attempts while Telegram does not answer: first, longest
DEAF_AFTER = 180.0  # seconds without an answer to a poll, after which the buttons are said to be dead
TOAST = 190  # characters of an answer to a button; Telegram takes 200

T = TypeVar("T")
Context = CallbackContext[Any, Any, Any, Any]
Handle = Callable[[Update, Officer, Translate], Awaitable[None]]


class Bot:
    """Long-polls the Bot API. Telegram may be away for days: nothing raised here gets out of the task."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str,
        proxy: str | None,
        roster: Callable[[], Roster],
        store: Store,
        runbooks: Callable[[], Mapping[str, Runbook]] = dict,
        language: str,
        zone: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        self.roster, self.store, self.language, self.zone = roster, store, language, zone
        self.clock, self.pauses = clock, pauses
        self.runbooks = runbooks
        self.presses = Presses(store, roster, clock, zone)
        self._heard_at = monotonic()  # when Telegram last answered a poll, or the bot began
        self._trouble = ""  # what it said since
        self._token = token
        self._offset: int | None = None
        self._requests = (
            botapi.request(api_url, proxy, connections=4),
            botapi.request(api_url, proxy, connections=1),
        )
        self._bot: ExtBot[None] = ExtBot(
            token,
            base_url=botapi.base_url(api_url),
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self._app: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().bot(self._bot).updater(None).job_queue(None).build()
        )
        self._add_handlers()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to poll, in a task of its own; returns at once, whether Telegram answers or not."""
        self._heard_at = monotonic()
        self._task = asyncio.create_task(self._run(), name="bot")

    async def stop(self) -> None:
        """Stop polling. What was handled is confirmed to Telegram where it answers within two seconds."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        try:
            if self._offset is not None:
                async with asyncio.timeout(2):
                    await self._bot.get_updates(self._offset, timeout=0, limit=1)
        except (TelegramError, TimeoutError):
            log.info("the last updates were not confirmed; they will come again")
        for request in self._requests:
            await request.shutdown()

    async def reachable(self) -> str:
        """Whether presses and commands come in. Raises DeliveryError.

        Sending may work while they do not: where another program polls with the same token, say.
        """
        silent = monotonic() - self._heard_at
        if silent > DEAF_AFTER:
            raise DeliveryError(f"no presses of buttons come in: {self._trouble or 'no answer'}")
        return "polls"

    async def _run(self) -> None:
        await self._retried(self._introduce)
        while True:
            for update in await self._retried(self._poll):
                try:
                    async with asyncio.timeout(WITHIN):
                        await self._app.process_update(update)
                except Exception:
                    log.exception("an update could not be handled", update=update.update_id)
                self._offset = update.update_id + 1  # not before: what is cut off here comes again

    async def _introduce(self) -> None:
        await self._app.initialize()
        await self._bot.delete_webhook()
        for language in (None, *LANGUAGES):
            _ = translator(language or self.language)
            commands = [BotCommand(name, _(words)) for name, words in answers.COMMANDS.items()]
            await self._bot.set_my_commands(commands, language_code=language)
        log.info("the bot listens", bot=self._bot.username)

    async def _poll(self) -> tuple[Update, ...]:
        updates = await self._bot.get_updates(
            self._offset, timeout=POLL, allowed_updates=[Update.MESSAGE, Update.CALLBACK_QUERY]
        )
        self._heard_at = monotonic()
        return updates

    async def _retried(self, call: Callable[[], Awaitable[T]]) -> T:
        pause, longest = self.pauses
        while True:
            try:
                return await call()
            except RetryAfter as error:
                wait = botapi.delivery_error(error, self._token).retry_after
                pause = max(pause, wait.total_seconds() if wait else 0)
            except TelegramError as error:
                self._trouble = str(botapi.delivery_error(error, self._token))
                log.warning("Telegram does not answer", error=self._trouble)
            except Exception:
                log.exception("Telegram's answer could not be read")
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    def _add_handlers(self) -> None:
        commands = {
            "status": self._status,
            "incidents": self._incidents,
            "acknowledge": self._acknowledge,
            "onduty": self._onduty,
            "runbook": self._runbook,
            "done": self._done,
        }
        for name, handle in commands.items():
            self._app.add_handler(CommandHandler(name, self._for_officers(handle)))
        self._app.add_handler(CallbackQueryHandler(self._for_officers(self._pressed)))
        self._app.add_handler(MessageHandler(filters.ALL, self._for_officers(self._help)))
        self._app.add_error_handler(self._failed)

    def _for_officers(self, handle: Handle) -> Callable[[Update, Context], Coroutine[Any, Any, None]]:
        """`handle` for an officer of the roster, in their language; anybody else is refused and logged."""

        async def checked(update: Update, context: Context) -> None:
            user = update.effective_user
            officer = self.roster().by_telegram(user.id) if user is not None else None
            if officer is None:
                await self._refuse(update)
                return
            _ = translator(officer.language or self.language)
            try:
                await handle(update, officer, _)
            except DefacewatchError as error:
                query = update.callback_query
                pressed = query.data if query else None
                log.warning("refused", officer=officer.key, pressed=pressed, why=str(error))
                await self._say(update, answers.refused(error, self.roster(), self.zone, _))

        return checked

    async def _refuse(self, update: Update) -> None:
        user, chat, query = update.effective_user, update.effective_chat, update.callback_query
        log.warning(
            "refused: not an officer",
            user=user.id if user else None,
            chat=chat.id if chat else None,
            pressed=query.data if query else None,
        )
        _ = translator(self.language)
        if user is not None and (query is not None or (chat is not None and chat.type == Chat.PRIVATE)):
            await self._say(update, answers.refusal(user.id, _))

    async def _failed(self, update: object, context: Context) -> None:
        log.error("an update could not be handled", exc_info=context.error)
        if isinstance(update, Update):
            _ = translator(self.language)
            await self._say(update, _("That did not work; the log says why."))

    async def _status(self, update: Update, officer: Officer, _: Translate) -> None:
        watch = raised(self.roster(), self.clock())
        tests = await self.store.channel_tests.last() if self.roster().shift_test.enabled else []
        states = await self.store.checks.latest()
        await self._say(update, answers.status(states, watch, _, tests=tests, roster=self.roster()))

    async def _incidents(self, update: Update, officer: Officer, _: Translate) -> None:
        views = await self.store.incidents.list(states={State.OPEN, State.ACKNOWLEDGED})
        await self._say(update, answers.incidents(views, self.roster(), self.zone, _))

    async def _onduty(self, update: Update, officer: Officer, _: Translate) -> None:
        await self._say(update, answers.onduty(self.roster(), self.clock(), _))

    async def _help(self, update: Update, officer: Officer, _: Translate) -> None:
        if update.effective_chat is not None and update.effective_chat.type == Chat.PRIVATE:
            await self._say(update, answers.help_text(_))

    async def _acknowledge(self, update: Update, officer: Officer, _: Translate) -> None:
        words = (update.effective_message.text or "").split() if update.effective_message else []
        campaign = campaign_number(words[1]) if len(words) == 2 else None
        if campaign is not None:
            await self._say(update, (await self.presses.take_campaign(campaign, officer, _)).text)
            return
        number = incident_number(words[1]) if len(words) == 2 else None
        if number is None:
            await self._say(update, _("Say which one: /acknowledge SC-000123"))
            return
        answer = await self.presses.acknowledge(Press(Action.ACKNOWLEDGE, number), officer, _)
        await self._say(update, answer.text)

    async def _runbook(self, update: Update, officer: Officer, _: Translate) -> None:
        number, _step = _numbers(update)
        if number is None:
            await self._say(update, _("Say which one: /runbook SC-000123"))
            return
        await self._say(update, await self._list(number, _))

    async def _done(self, update: Update, officer: Officer, _: Translate) -> None:
        """Tick a step of an incident's runbook."""
        number, step = _numbers(update)
        if number is None or step is None:
            await self._say(update, _("Say which incident and which step: /done SC-000123 2"))
            return
        view = await self.store.incidents.get(number)
        steps = runbook_for(self.runbooks(), view.portal.key, view.incident.verdict).steps
        if not 1 <= step <= len(steps):
            await self._say(update, _("There are {count} steps.").format(count=len(steps)))
            return
        await self.store.incidents.tick(
            number, steps[step - 1].text, by=officer.key, now=self.clock(), via="telegram"
        )
        await self._say(update, await self._list(number, _))

    async def _list(self, number: int, _: Translate) -> str:
        view = await self.store.incidents.get(number)
        runbook = runbook_for(self.runbooks(), view.portal.key, view.incident.verdict)
        done = await self.store.incidents.ticked(number)
        return answers.runbook(number, runbook, done, self.roster(), self.zone, _)

    async def _pressed(self, update: Update, officer: Officer, _: Translate) -> None:
        query = update.callback_query
        assert query is not None
        press = parse(query.data)
        if press is None:
            log.warning("a button that is not ours", data=query.data, officer=officer.key)
            await self._say(update, _("This button does nothing any more."))
            return
        shown_at = query.message.date if isinstance(query.message, Message) else None
        answer = await self.presses.press(press, officer, _, shown_at=shown_at)
        log.info("pressed", officer=officer.key, action=press.action, incident=press.incident)
        await self._show(query, answer)

    async def _show(self, query: CallbackQuery, answer: Answer) -> None:
        """The answer on the screen, the buttons that are left, and a line in the chat."""
        await _quietly(query.answer(bounded(answer.text, TOAST)))
        await _quietly(query.edit_message_reply_markup(answer.keyboard))
        if answer.told and isinstance(query.message, Message):
            await _quietly(query.message.reply_text(answer.text))

    async def _say(self, update: Update, text: str) -> None:
        query, message = update.callback_query, update.effective_message
        if query is not None:
            await _quietly(query.answer(bounded(text, TOAST), show_alert=True))
        elif message is not None:
            await _quietly(message.reply_text(text))


def _numbers(update: Update) -> tuple[int | None, int | None]:
    """The incident and the step that a command names: '/done SC-000123 2'."""
    words = (update.effective_message.text or "").split() if update.effective_message else []
    number = incident_number(words[1]) if len(words) in (2, 3) else None
    step = words[2] if len(words) == 3 else ""
    return number, int(step) if step.isascii() and step.isdigit() and len(step) < 4 else None


async def _quietly(call: Awaitable[object]) -> None:
    """Await an answer to a person. What they asked for is done by now, so a failure is only logged."""
    try:
        await call
    except TelegramError as error:
        log.warning("an answer was not shown", error=str(error))
