"""What the models of the API have in common. Answers are described by models and made by `shapes`; what is
taken is checked by the models."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LIMIT, LARGEST_LIMIT = 100, 1000
LONGEST = 2000  # characters of what is written

Moment = Annotated[
    str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-09-02T07:05:09.123Z"])
]
Facts = dict[str, Any]


class Shape(BaseModel):
    """What is answered: a line of `--json`, or a list of them."""

    model_config = ConfigDict(serialize_by_alias=True)


class Listed(Shape):
    """A part of a list. `next` asks for what follows; null at the end."""

    next: Annotated[str | None, Field(description="The cursor of what follows (?cursor=…); null at the end.")]


def _kept(text: str) -> str:
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("holds what is no text")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("says nothing")
    return text.strip()


Text = Annotated[str, Field(max_length=LONGEST), AfterValidator(_kept)]
Said = Annotated[Text, Field(min_length=1), AfterValidator(_said)]  # that somebody has to say
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_kept)]
Number = Annotated[int, Field(ge=1, le=10**18 - 1)]


class Query(BaseModel):
    """What stands after the question mark. A name that nobody knows is an error: a filter with a slip of the
    pen would let everything through."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Annotated[str | None, Field(description="The language of sentences: vi, en.", max_length=8)] = None


class Pages(Query):
    """Of a list."""

    limit: Annotated[int, Field(ge=1, le=LARGEST_LIMIT, description="At most so many.")] = LIMIT
    cursor: Annotated[str | None, Field(max_length=400, description="`next` of the answer before.")] = None


class Body(BaseModel):
    """What is sent, as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)
