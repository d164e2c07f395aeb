"""A look reduced to what comparing needs: extracted once, kept with the capture."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from defacewatch.captures import Probe, Rendering
from defacewatch.compare import (
    code,
    covers,
    dom,
    domains,
    drawings,
    icon,
    identity,
    letters,
    links,
    makeup,
    noise,
    phrases,
    sketch,
    text,
    visible,
    wording,
)
from defacewatch.compare.phrases import Block
from defacewatch.features import Document, Phrase

VERSION = 1  # raise it whenever features of the old code cannot be compared with those of the new

HEADINGS = 40
HIDDEN_LINKS = 200
LINK_TEXTS = 400
LINES = 400  # lines of what can be read that are looked at beside the markup
LINE = 300  # characters of one
LINES_LIMIT = 200_000  # characters of all lines among which they are
TEXTS = 200  # hidden and inset texts each
HEADLINE = 12  # words of a text put in by style sheets or frames that is no paragraph
GATE_TEXT = 600  # characters: a page that only asks for a password or for signs to be typed shows no more
LITTLE_TEXT = 1500  # characters: on a page with no more, what stands in a drawing is what it says
WALL_TEXT = 200  # characters: a bot wall that is known by its markup alone shows no more than this

_CAPTCHA = re.compile(r"class=[\"']?(?:g-recaptcha|h-captcha|cf-turnstile)\b", re.IGNORECASE)
_ATTACKS = frozenset(("deface", "spam"))
_DESCRIPTIONS = frozenset(("description", "keywords", "og:title", "og:description", "twitter:title"))


def served_of(probe: Probe) -> Document:
    """The document as the server sent it."""
    refused = [refusal.url for refusal in probe.refusals]
    refresh = probe.headers.get("refresh")
    return _document(probe.html, probe.final_url, probe.status, None, refused, refresh=refresh)


def shown_of(rendering: Rendering) -> Document:
    """The page as the browser showed it."""
    refused = [refusal.url for refusal in rendering.refusals]
    return _document(rendering.html, rendering.final_url, rendering.status, rendering, refused)


def _document(
    html: str,
    url: str,
    status: int | None,
    rendering: Rendering | None,
    refused: Iterable[str],
    *,
    refresh: str | None = None,
) -> Document:
    reading = dom.read(html)
    if refresh:  # the header sends a reader elsewhere as the element does
        reading.elements.append(("meta", {"http-equiv": "refresh", "content": refresh}))
    own = domains.host_of(url[:2000], "") or ""
    title = noise.squeeze(rendering.title)[:500] if rendering and rendering.title else reading.title
    dialogs = [noise.squeeze(dialog)[:1000] for dialog in rendering.dialogs[:20]] if rendering else []
    found = code.code_of(reading, rendering)
    hosts = links.hosts_of(reading, own, rendering, refused, found.said)
    hidden = links.hidden_links(reading, own, rendering)[:HIDDEN_LINKS]
    if hidden:
        hosts = {**hosts, "hidden": frozenset(filter(None, (domains.host_of(url, own) for url, _ in hidden)))}
    aside = [
        Block("title", title),
        *(Block("dialog", dialog) for dialog in dialogs),
        *_aside(reading, own, hidden),
        *_labels(reading),
        *(_beside(rendering) if rendering else ()),
    ]
    drawn = reading.drawn or drawings.is_shown(rendering)
    blocks = [*aside, *reading.blocks]
    folded = [text.words(line) for line in text.fold("\n".join(block.text for block in blocks)).split("\n")]
    said = phrases.find(blocks, folded)
    said = (*said, *_in_lines(rendering, blocks, folded, said))
    body = folded[len(aside) :]
    headings = [block.text[:200] for block in reading.blocks if block.place == "heading"][:HEADINGS]
    seen, seen_length = visible.visible_of(rendering)
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
        inline_scripts=found.inline,
        packed_scripts=found.packed,
        scripts=found.files,
        doings=found.doings,
        phrases=(*said, *_spam_hosts(hosts, own), *_wall(html, reading, said, drawn=drawn)),
        hidden_links=tuple(hidden),
        dialogs=frozenset(" ".join(text.words(text.fold(dialog)))[:200] for dialog in dialogs),
        downloads=rendering.downloads if rendering else 0,
        text_length=sum(len(block.text) for block in reading.blocks),
        visible=seen,
        visible_length=seen_length,
        icon=icon.address_of(reading),
        links=identity.own_links(reading, own),
        traits=makeup.traits_of(html, reading),
        telling=wording.telling(blocks, folded),
        letters=letters.letters_of(block.text for block in reading.blocks if block.place != "hidden"),
        covers=covers.covers_of(rendering),
        cut=reading.cut,
        drawn=drawn,
        generator=_generator(reading),
    )


def _generator(reading: dom.Reading) -> str:
    """What the page names as the program that made it ('wordpress 6.4')."""
    for tag, attributes in reading.elements:
        if tag == "meta" and (attributes.get("name") or "").lower() == "generator":
            return noise.squeeze(attributes.get("content") or "")[:100].lower()
    return ""


def _in_lines(
    rendering: Rendering | None,
    blocks: Sequence[Block],
    folded: Sequence[Sequence[str]],
    said: Iterable[Phrase],
) -> Iterator[Phrase]:
    """Wording in lines as they are read, which markup may split, that are not among the `blocks`."""
    if rendering is None:
        return
    lines = [line[:LINE] for line in rendering.text[:LINES_LIMIT].split("\n") if line.strip()] or [""]
    known = {tuple(words) for words in folded}
    headings = {_letters(block.text) for block in blocks if block.place == "heading"}
    new: dict[tuple[str, ...], Block] = {}
    for line, low in zip(lines, text.fold("\n".join(lines)).split("\n"), strict=True):
        words = tuple(text.words(low))
        if words and words not in known and len(new) < LINES:
            place = "heading" if _letters(line) in headings else "text"
            new.setdefault(words, Block(place, line))
    found = {phrase.phrase for phrase in said}
    for phrase in phrases.find(list(new.values()), list(new)):
        if phrase.family in _ATTACKS and phrase.phrase not in found:
            yield phrase


def _letters(words: str) -> str:
    """What is equal of two texts that differ in how their words are split."""
    return "".join(words.casefold().split())


def _aside(reading: dom.Reading, own: str, hidden: Iterable[tuple[str, str]]) -> Iterator[Block]:
    """Texts outside the running text: descriptions, texts of hidden links and of links to other sites."""
    for tag, attributes in reading.elements:
        name = attributes.get("name") or attributes.get("property") or ""
        if tag == "meta" and name.lower() in _DESCRIPTIONS:
            yield Block("meta", noise.squeeze(attributes.get("content") or "")[:1000])
        elif tag == "img" and (said := noise.squeeze(attributes.get("alt") or "")):
            yield Block("text", said[:1000])
    for _, words in hidden:
        yield Block("hidden", words)
    offsite = (link.text for link in reading.links if not link.hidden and links.is_offsite(link.href, own))
    for words in [words for words in offsite if words][:LINK_TEXTS]:
        yield Block("link", words)


def _labels(reading: dom.Reading) -> Iterator[Block]:
    """Texts in drawings: beside little else, short ones are headlines."""
    little = sum(len(block.text) for block in reading.blocks) <= LITTLE_TEXT
    for label in reading.labels:
        yield Block("heading" if little and label.count(" ") < HEADLINE else "text", label)


def _beside(rendering: Rendering) -> Iterator[Block]:
    """Texts that the markup does not tell: what the browser hides, what styles and frames put in."""
    for hidden in rendering.hidden_texts[:TEXTS]:
        yield Block("hidden", noise.squeeze(hidden)[: dom.TEXT_LIMIT])
    for inset in rendering.inset[:TEXTS]:
        words = noise.squeeze(inset)[: dom.TEXT_LIMIT]
        yield Block("heading" if words.count(" ") < HEADLINE else "text", words)


def _spam_hosts(hosts: Mapping[str, frozenset[str]], own: str) -> Iterator[Phrase]:
    for host in sorted(hosts.get("link", frozenset()))[: links.ROLE_LIMIT]:
        if phrases.spam_host(host) and domains.registrable(host) != domains.registrable(own):
            yield Phrase("spam", "url", host)


def _wall(html: str, reading: dom.Reading, said: Iterable[Phrase], *, drawn: bool) -> Iterator[Phrase]:
    """A bot wall that shows no text, known by its markup; on a short page also a form that asks who is there:
    for signs to be typed, or for a password. Anybody can add such a field, so it speaks for no page that
    shows drawings or has wording of attacks."""
    length = sum(len(block.text) for block in reading.blocks)
    if length <= WALL_TEXT:
        piece = phrases.bot_wall_markup(html)
        if piece is not None:
            yield Phrase("bot-wall", "url", piece)
    if length <= GATE_TEXT and not drawn and all(phrase.family != "deface" for phrase in said):
        fields = [attributes for tag, attributes in reading.elements if tag == "input"]
        if any("captcha" in (field.get("name") or "").lower() for field in fields) or _CAPTCHA.search(html):
            yield Phrase("bot-wall", "text", "captcha")
        if any((field.get("type") or "").lower() == "password" for field in fields):
            yield Phrase("vacant", "text", "password")
