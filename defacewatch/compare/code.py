"""The code of a page: its scripts, inside the page and in files, by what they are and what they do."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from defacewatch.captures import Rendering
from defacewatch.compare import domains, noise, scripts, sketch
from defacewatch.compare.dom import Reading

SCRIPTS = 1000  # inside a page
FILES = 200
ALL_TEXT = 4_000_000  # characters of all files that are read
REMEMBERED = 4000  # scripts
UNREAD = ""  # stands for the hash of a file that was loaded, and whose text could not be had in time


class Known(NamedTuple):
    """A script that was read: the hash of its code, and what it does. The data of a script does not count but
    in obfuscated code, where the data is the code."""

    hash: str
    said: scripts.Reading


@dataclass(frozen=True)
class Code:
    """`inline`, `packed`, `files` and `doings` are as in `Document` (there `scripts` are the files); `said`
    is what each script does."""

    inline: frozenset[str] = frozenset()
    packed: frozenset[str] = frozenset()
    files: Mapping[str, str] = field(default_factory=dict)
    doings: Mapping[str, frozenset[str]] = field(default_factory=dict)
    said: tuple[scripts.Reading, ...] = ()


# Scripts hardly ever change from one look to the next: what was read is kept by the hash of the text.
_known: dict[bytes, Known] = {}


def code_of(reading: Reading, rendering: Rendering | None) -> Code:
    """The code in a page and in the files that the browser loaded, well-known services' files left out but
    for those that anybody can publish there: of these counts what they do, not whom they name."""
    inline = [known(text) for text in reading.scripts if text.strip()][:SCRIPTS]
    files = {_address(url): known(text) for url, text in _files(rendering)}
    unread = [url for url in map(_address, _loaded(rendering)) if url not in files]
    doings: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for script in (*inline, *files.values()):
        if script.said.doings:
            doings[script.hash] |= script.said.doings
    return Code(
        inline=frozenset(script.hash for script in inline),
        packed=frozenset(name for name, does in doings.items() if scripts.OBFUSCATED in does),
        files=dict.fromkeys(unread[:FILES], UNREAD) | {url: script.hash for url, script in files.items()},
        doings=dict(doings),
        said=(
            *(script.said for script in inline),
            *(script.said for url, script in files.items() if not domains.is_public(_host(url))),
        ),
    )


def known(text: str) -> Known:
    """What the script `text` is, read once."""
    text = text[: scripts.TEXT_LIMIT]
    key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    if key not in _known:
        if len(_known) >= REMEMBERED:
            _known.clear()
        said = scripts.read(text)
        hidden = scripts.OBFUSCATED in said.doings
        code = noise.normal_script(scripts.revealed(text)) if hidden else noise.skeleton(text)
        _known[key] = Known(f"{sketch.hash64(code):016x}", said)
    return _known[key]


def _files(rendering: Rendering | None) -> Iterator[tuple[str, str]]:
    left = ALL_TEXT
    for script in rendering.scripts[:FILES] if rendering is not None else ():
        if left > 0 and _is_read(script.url):
            left -= len(script.text)
            yield script.url, script.text


def _loaded(rendering: Rendering | None) -> Iterator[str]:
    for resource in rendering.resources if rendering is not None else ():
        if resource.kind == "script" and resource.status == 200 and _is_read(resource.url):
            yield resource.url


def _is_read(url: str) -> bool:
    host = _host(url)
    return bool(host) and (not domains.is_wellknown(host) or domains.is_public(host))


def _host(url: str) -> str:
    return domains.host_of(url[:2000], "") or ""


def _address(url: str) -> str:
    return noise.normal_url(url[:2000])[:300]


def hosts_in(said: Iterable[scripts.Reading]) -> Iterator[tuple[str, str]]:
    """(role, host) of what scripts do: 'reach' for hosts that they load from or send to, 'sent' for those
    that a script sends visitors to when it does little else or is choosy about whom, 'jump' for others."""
    for reading in said:
        for host in sorted(reading.reaches):
            yield "reach", host
        for jump in reading.jumps:
            yield "sent" if jump.plain or jump.picky else "jump", jump.host
