"""From a document to a validated model: every problem at its line, each saying what was expected."""

import difflib
from collections.abc import Iterator
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError

from defacewatch.config.documents import Document, Problem, Where
from defacewatch.config.fields import Section, expected

Model = TypeVar("Model", bound=Section)


def validate(document: Document, model: type[Model]) -> tuple[Model | None, list[Problem]]:
    """The `model` that a document holds (None when it is not valid), and all its problems."""
    problems = list(document.problems)
    if document.unreadable:
        return None, problems
    try:
        found = model.model_validate(document.data)
    except ValidationError as error:
        problems += [
            document.problem(tuple(line["loc"]), _explain(line, model))
            for line in error.errors(include_url=False)
            if line["type"] != "too_short" or not line["input"]  # else: too few of its items are valid
        ]
        return None, problems
    return (None if problems else found), problems


def _explain(error: Any, model: type[Section]) -> str:
    where: Where = tuple(error["loc"])
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "missing":
        return "is missing; expected a value"
    if error["type"] == "extra_forbidden":
        return _unknown(str(where[-1]), keys_at(model, where[:-1]))
    if error["type"] in ("tuple_type", "list_type", "frozen_set_type"):
        return str(expected("a list", error["input"]))
    if error["type"] == "too_long":
        return f"expected at most {error['ctx']['max_length']} items"
    if error["type"] == "too_short":
        return "expected at least one item"
    return str(expected("keys and values", error["input"]))


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"unknown key{hint}; expected one of {', '.join(known)}"


def keys_at(model: type[Section], where: Where) -> list[str]:
    """The keys that `model` takes at `where`."""
    here: type[Section] | None = model
    for step in where:
        if here is not None and isinstance(step, str):
            here = next((section for key, section in _fields(here) if key == step), None)
    return [key for key, _ in _fields(here)] if here else []


def every_key(model: type[Section], above: str = "") -> Iterator[str]:
    """The path of every key of `model`, lists marked with []: 'portals[].pages[].url'."""
    for name, info in model.model_fields.items():
        path = f"{above}{info.alias or name}"
        section, listed = _section(info.annotation)
        if section is None:
            yield path
        else:
            yield from every_key(section, f"{path}[]." if listed else f"{path}.")


def _fields(model: type[Section]) -> Iterator[tuple[str, type[Section] | None]]:
    for name, info in model.model_fields.items():
        yield info.alias or name, _section(info.annotation)[0]


def _section(annotation: Any) -> tuple[type[Section] | None, bool]:
    """The section that an annotation holds, if any, and whether it holds a list of them."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return next((found for part in inner if (found := _section(part))[0]), (None, False))
    if origin is tuple:
        return _section(inner[0])[0], True
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation, False
    return None, False
