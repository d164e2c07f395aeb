"""alerts.webhooks: systems that are posted our own signed JSON, and gateways with a body of their own."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator, model_validator

from defacewatch.alerts import AlertKind
from defacewatch.config.documents import Document, Problem, Unreadable, read_text
from defacewatch.config.fields import Key, Section, Url, expected
from defacewatch.notify import bodies, gateway

FOLDER = "webhooks"  # beside defacewatch.yaml, for bodies in files
GUARDED = re.compile(r"authorization|cookie|key|token|secret|passw", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = frozenset({"content-type", "content-length", "host", "transfer-encoding", "connection"})
_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*){1,20}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


def _template(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > bodies.LARGEST:
        raise expected(f"a template of at most {bodies.LARGEST} characters", value)
    bodies.parse(value)
    return value


def _headers(value: object) -> Mapping[str, str]:
    """Never shown in an error: somebody may have put a secret there."""
    if not isinstance(value, dict):
        raise ValueError("expected headers and their values, as keys and values")
    for name, text in value.items():
        if not _HEADER.fullmatch(str(name)) or str(name).lower() in _OURS:
            raise ValueError(
                "expected names of headers (letters, digits and -) other than " + ", ".join(sorted(_OURS))
            )
        if not isinstance(text, str) or any(not char.isprintable() for char in text):
            raise ValueError(f"expected one line of text as {name}")
        if GUARDED.search(name) and not bodies.parse(text).secrets:
            raise ValueError(f"expected {{{{ secret.NAME }}}} in {name}: secrets come from the environment")
        bodies.try_out(text, as_json=False)
    return value


def _matching(pattern: re.Pattern[str], what: str) -> PlainValidator:
    def validate(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise expected(what, value)
        return value

    return PlainValidator(validate)


def _one_of(*words: str) -> PlainValidator:
    return _matching(re.compile("|".join(words)), "one of " + ", ".join(words))


Template = Annotated[str, PlainValidator(_template)]
Headers = Annotated[Mapping[str, str], PlainValidator(_headers)]
Kind = Annotated[str, _one_of(*AlertKind)]
Pointer = Annotated[str, _matching(_POINTER, "a JSON pointer such as /data/id")]
Value = Annotated[str, _matching(re.compile(r".{1,100}"), "a value such as 100 or success")]


class Success(Section):
    """What in an answer of 2xx says that the message was taken."""

    pointer: Pointer
    values: Annotated[tuple[Value, ...], Field(min_length=1)]
    refused: tuple[Value, ...] = ()

    def success(self) -> gateway.Success:
        return gateway.Success(self.pointer, frozenset(self.values), frozenset(self.refused))


class Webhook(Section):
    """With a `body`, a gateway that is posted just that; without one, our own JSON, signed."""

    name: Key
    url: Url = Field(repr=False)
    kinds: Annotated[tuple[Kind, ...] | None, Field(alias="for", min_length=1)] = None
    per: Annotated[str, _one_of("alert", "officer")] = "alert"
    body: Template | None = None
    body_file: Annotated[str, _matching(_FILE, f"the name of a file in {FOLDER}/")] | None = None
    content_type: Annotated[str, _matching(_TYPE, "a type such as application/json")] = "application/json"
    method: Annotated[str, _one_of("POST", "PUT")] = "POST"
    headers: Headers = Field(default={}, repr=False)
    success: Success | None = None
    receipt: Pointer | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Webhook":
        if self.body is not None and self.body_file is not None:
            raise ValueError("expected body or body_file, not both")
        if self.body is None and self.body_file is None:
            needless = self.model_fields_set - {"name", "url", "kinds"}
            if needless:
                raise ValueError(f"expected body or body_file beside {', '.join(sorted(needless))}")
        elif self.body is not None:
            bodies.try_out(self.body, as_json=self.content_type == "application/json")
        return self

    @property
    def channel(self) -> str:
        """The name of its channel."""
        return f"{gateway.PREFIX if self.per == 'officer' else 'webhook:'}{self.name}"

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that its templates want."""
        every = (self.body or "", *self.headers.values())
        return frozenset(name for text in every for name in bodies.parse(text).secrets)

    def request(self) -> gateway.Request:
        """How its messages are posted, once its body is there."""
        assert self.body is not None
        success = None if self.success is None else self.success.success()
        return gateway.Request(
            self.url, self.body, self.content_type, self.method, self.headers, success, self.receipt
        )


def with_bodies(
    hooks: tuple[Webhook, ...], folder: Path, document: Document
) -> tuple[tuple[Webhook, ...], list[Problem]]:
    """The webhooks with the bodies that lie in files, and what is wrong with those."""
    found: list[Webhook] = []
    problems: list[Problem] = []
    for number, hook in enumerate(hooks):
        try:
            found.append(_with_body(hook, folder))
        except Unreadable as error:
            problems.append(error.problem)
        except ValueError as error:
            where = ("alerts", "webhooks", number, "body_file")
            problems.append(document.problem(where, f"{hook.body_file}: {error}"))
    return tuple(found), problems


def _with_body(hook: Webhook, folder: Path) -> Webhook:
    if hook.body_file is None:
        return hook
    body = _template(read_text(folder / FOLDER / hook.body_file))
    bodies.try_out(body, as_json=hook.content_type == "application/json")
    return hook.model_copy(update={"body": body})


def files(folder: Path) -> Iterator[Path]:
    """The files in which bodies may lie, by name."""
    there = folder / FOLDER
    return iter(sorted(there.iterdir()) if there.is_dir() else [])
