"""What is asked of a page once it stands still, and what its answer may be.

The answer comes from our own scripts in a world of their own; all the same nothing in it is taken on trust:
each part has its type and its bounds, and what has not is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from defacewatch.captures import Box, Cover, Picture
from defacewatch.fetch.events import URL

HTML = 10 * 1024 * 1024  # bytes
# Characters, unless it says otherwise. A `side` is in CSS pixels, an `area` in square ones.
LIMITS = {
    "title": 1000,
    "html": HTML,
    "text": 1024 * 1024,
    "url": URL,
    "links": 20_000,  # links
    "hidden": 200,  # links
    "anchor": 200,
    "elements": 10_000,  # elements that are looked at for what follows
    "hiddenTexts": 100,  # texts
    "hiddenText": 500,
    "decorated": 5_000,  # elements that style sheets may have given text
    "hosts": 200,  # shadow trees
    "deep": 3,  # shadow trees or frames in one another
    "insets": 100,  # texts
    "inset": 1000,
    "pictures": 200,  # pictures
    "path": 500,
    "side": 24,
    "area": 1200,
    "backgroundArea": 5000,
    "columns": 10,  # of points on the first screen,
    "rows": 8,  # rows of them,
    "coverPoints": 24,  # and of how many of them something lies on top that is a cover
    "coverText": 300,
    "stride": 37,  # points, prime to the number of them,
    "fewest": 10,  # and how many of them are looked at however long it takes
    "layers": 30,  # elements with a position of their own, in one another at a point
    "ghosts": 50,  # elements over others that let clicks through
    "patience": 1500,  # milliseconds, for links, for the walk and for covers each
    "iconUrl": 128 * 1024,
    "boxes": 600,  # blocks
    "boxName": 100,
    "boxClasses": 300,
}
_EDGE = 10_000_000  # CSS pixels

_scripts = files("defacewatch.fetch") / "scripts"


def script(name: str) -> str:
    """One of our scripts, as an expression."""
    return (_scripts / f"{name}.js").read_text("utf-8").strip()


SCROLL, FREEZE, HEED = script("scroll"), script("freeze"), script("heed")


def _observing() -> str:
    names = ("reading", "visibility", "remains", "walk", "covers", "observe")
    parts = ", ".join(f"{name}: {script(name)}" for name in names)
    limits = ", ".join(f"{name}: {most}" for name, most in LIMITS.items())
    return (
        f"(({{{', '.join(names)}}}, limits) => {{ const read = reading();"
        " const sight = visibility(read);"
        " return observe(limits, read, sight, remains(read, sight), walk, covers) })"
        f"({{{parts}}}, {{{limits}}})"
    )


OBSERVE = _observing()


@dataclass(frozen=True)
class Observed:
    """A page as it stood: see `Rendering` for what each part means. `icon` is the address that it names."""

    title: str = ""
    html: str = ""
    text: str = ""
    height: int = 0
    icon: str = ""
    hidden_links: tuple[tuple[str, str], ...] = ()
    hidden_texts: tuple[str, ...] = ()
    inset: tuple[str, ...] = ()
    covers: tuple[Cover, ...] = ()
    pictures: tuple[Picture, ...] = ()
    boxes: tuple[Box, ...] = ()


def observed(answer: object) -> Observed:
    """What `OBSERVE` answered. Raises ValueError when that is not what it answers."""
    if not isinstance(answer, dict) or not isinstance(answer.get("html"), str):
        raise ValueError("not an observation")
    return Observed(
        title=_text(answer.get("title"), LIMITS["title"]),
        html=answer["html"].encode(errors="replace")[:HTML].decode(errors="ignore"),
        text=_text(answer.get("text"), LIMITS["text"]),
        height=_number(answer.get("height")),
        icon=_text(answer.get("icon"), LIMITS["iconUrl"]),
        hidden_links=tuple(
            (_text(href, URL), _text(text, LIMITS["anchor"]))
            for href, text in _rows(answer.get("hiddenLinks"), 2, LIMITS["hidden"])
        ),
        hidden_texts=_texts(answer.get("hiddenTexts"), LIMITS["hiddenTexts"], LIMITS["hiddenText"]),
        inset=_texts(answer.get("inset"), LIMITS["insets"], LIMITS["inset"]),
        covers=tuple(
            Cover(_text(tag, 40), _text(url, URL), _text(text, LIMITS["coverText"]), _share(share))
            for tag, url, text, share in _rows(answer.get("covers"), 4, LIMITS["columns"] * LIMITS["rows"])
        ),
        pictures=tuple(
            Picture(_text(path, LIMITS["path"]), _text(url, URL), *map(_number, box))
            for path, url, *box in _rows(answer.get("pictures"), 6, LIMITS["pictures"])
        ),
        boxes=tuple(
            Box(
                _number(parent),
                _text(tag, 40),
                _text(name, LIMITS["boxName"]),
                _text(classes, LIMITS["boxClasses"]),
                *map(_number, box),
            )
            for parent, tag, name, classes, *box in _rows(answer.get("boxes"), 8, LIMITS["boxes"])
        ),
    )


def shows_others(before: Sequence[Picture], after: Sequence[Picture]) -> bool:
    """Whether pictures came, went or left their places: a picture of the page taken at the one time does not
    show what was observed at the other. What creeps on, as in a ticker, has not left its place yet."""
    places = [(picture.path, picture.url) for picture in before]
    if places != [(picture.path, picture.url) for picture in after]:
        return True
    return any(
        2 * abs(one.left - other.left) > one.width or 2 * abs(one.top - other.top) > one.height
        for one, other in zip(before, after, strict=True)
    )


def _rows(value: object, length: int, most: int) -> list[list[object]]:
    if not isinstance(value, list):
        return []
    return [row for row in value[:most] if isinstance(row, list) and len(row) == length]


def _texts(value: object, most: int, length: int) -> tuple[str, ...]:
    listed = value[:most] if isinstance(value, list) else []
    return tuple(_text(text, length) for text in listed if isinstance(text, str))


def _text(value: object, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""


def _number(value: object) -> int:
    """A whole number of CSS pixels."""
    usable = isinstance(value, int | float) and -_EDGE < value < _EDGE
    return round(value) if usable else 0  # type: ignore[call-overload]


def _share(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else 0.0
