"""Structured logs on stderr: readable lines, or one JSON object a line."""

import logging
import sys

import structlog

QUIET = ("httpx", "httpcore", "telegram", "alembic", "aiohttp.access", "mail", "aiosqlite")


def configure(form: str, *, level: int = logging.INFO) -> None:
    """Send the logs of the program and its libraries to stderr; `form` is 'text' or 'json'."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor]
    if form == "json":
        # without the variables of each frame: a secret may be among them
        traces = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        last = [
            structlog.processors.ExceptionRenderer(traces),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        plain = structlog.dev.plain_traceback  # the rich one takes seconds, with the event loop waiting
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # a check that is still running when its page is due again is no news
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
