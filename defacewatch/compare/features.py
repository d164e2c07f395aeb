"""A look reduced to what comparing needs: extracted once, kept with the capture."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from defacewatch.captures import Document, Features, Look, Phrase, Rendering
from defacewatch.compare import datafiles, dom, domains, identity, links, noise, phrases, sketch, text
from defacewatch.compare.phrases import Block
from defacewatch.compare.screen import screen_of

VERSION = 1  # raise it whenever features of the old code cannot be compared with those of the new

HEADINGS = 40
HIDDEN_LINKS = 200
LINK_TEXTS = 400
SCRIPTS = 200
WALL_TEXT = 200  # characters: a bot wall that is known by its markup alone shows no more than this

_DESCRIPTIONS = frozenset(("description", "keywords", "og:title", "og:description", "twitter:title"))


def extract(look: Look) -> Features:
    """The features of a look that brought a page."""
    probe, rendering = look.probe, look.rendering
    shown = screen = None
    if rendering is not None and rendering.failure is None:
        refused = [refusal.url for refusal in rendering.refusals]
        url = rendering.final_url or probe.final_url
        shown = _document(rendering.html, url, rendering.status, rendering, refused)
        screen = screen_of(rendering.screenshot)
    tls = probe.tls
    refused = [refusal.url for refusal in probe.refusals]
    return Features(
        version=VERSION,
        served=_document(probe.html, probe.final_url, probe.status, None, refused),
        shown=shown,
        screen=screen,
        tls=f"{tls.problem.value} {tls.fingerprint}" if tls is not None and tls.fingerprint else None,
    )


def _document(
    html: str, url: str, status: int | None, rendering: Rendering | None, refused: Iterable[str]
) -> Document:
    reading = dom.read(html)
    own = domains.host_of(url[:2000], "") or ""
    title = noise.squeeze(rendering.title)[:500] if rendering and rendering.title else reading.title
    dialogs = [noise.squeeze(dialog)[:1000] for dialog in rendering.dialogs[:20]] if rendering else []
    hosts = links.hosts_of(reading, own, rendering, refused)
    hidden = links.hidden_links(reading, own, rendering)[:HIDDEN_LINKS]
    aside = [
        Block("title", title),
        *(Block("dialog", dialog) for dialog in dialogs),
        *_aside(reading, own, hidden),
    ]
    blocks = [*aside, *reading.blocks]
    folded = [text.words(line) for line in text.fold("\n".join(block.text for block in blocks)).split("\n")]
    body = folded[len(aside) :]
    headings = [block.text[:200] for block in reading.blocks if block.place == "heading"][:HEADINGS]
    code = [script for script in reading.scripts if script.strip()][:SCRIPTS]
    return Document(
        url=url,
        status=status,
        dom_hash=reading.dom_hash,
        title=title,
        headings=tuple(headings),
        paths=sketch.hashes(reading.shingles),
        words=sketch.hashes(text.shingles(body)),
        identity=identity.identity_of(reading, own, headings, body),
        hosts=hosts,
        inline_scripts=_fingerprints(code),
        packed_scripts=_fingerprints(script for script in code if _unpacks(script)),
        phrases=(*phrases.find(blocks, folded), *_spam_hosts(hosts, own), *_wall(html, reading)),
        hidden_links=tuple(hidden),
        dialogs=frozenset(" ".join(text.words(text.fold(dialog)))[:200] for dialog in dialogs),
        downloads=rendering.downloads if rendering else 0,
        text_length=sum(len(block.text) for block in reading.blocks),
    )


def _aside(reading: dom.Reading, own: str, hidden: Iterable[tuple[str, str]]) -> Iterator[Block]:
    """Texts outside the running text: descriptions, texts of hidden links and of links to other sites."""
    for tag, attributes in reading.elements:
        name = attributes.get("name") or attributes.get("property") or ""
        if tag == "meta" and name.lower() in _DESCRIPTIONS:
            yield Block("meta", noise.squeeze(attributes.get("content") or "")[:1000])
    for _, words in hidden:
        yield Block("hidden", words)
    offsite = (link.text for link in reading.links if not link.hidden and links.is_offsite(link.href, own))
    for words in [words for words in offsite if words][:LINK_TEXTS]:
        yield Block("link", words)


def _fingerprints(scripts: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{sketch.hash64(noise.skeleton(script)):016x}" for script in scripts)


@cache
def _unpackers() -> tuple[str, ...]:
    return tuple(datafiles.load("hosts.yaml")["unpackers"])


def _unpacks(script: str) -> bool:
    """Whether a script's text unpacks code that it hides."""
    plain = "".join(script[: noise.SCRIPT_LIMIT].split()).lower()
    return any(sign in plain for sign in _unpackers())


def _spam_hosts(hosts: Mapping[str, frozenset[str]], own: str) -> Iterator[Phrase]:
    for host in sorted(hosts.get("link", frozenset()))[: links.ROLE_LIMIT]:
        if phrases.spam_host(host) and domains.registrable(host) != domains.registrable(own):
            yield Phrase("spam", "url", host)


def _wall(html: str, reading: dom.Reading) -> Iterator[Phrase]:
    """A bot wall that shows no text, known by its markup."""
    if sum(len(block.text) for block in reading.blocks) <= WALL_TEXT:
        piece = phrases.bot_wall_markup(html)
        if piece is not None:
            yield Phrase("bot-wall", "url", piece)
