"""A message in the form that a channel carries: subject, plain text, Telegram HTML, e-mail HTML."""

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined

from defacewatch.alerts import Notice
from defacewatch.gathering import Gathered
from defacewatch.language import Translate, local_time, translator
from defacewatch.notify.content import Content, compose
from defacewatch.notify.gathered import compose_gathered
from defacewatch.notify.hostile import bounded, clean, safe

Said = Notice | Gathered

SUBJECT = 140  # characters
TELEGRAM_TEXT = 4096  # UTF-16 units after markup is taken away, as Telegram counts
TELEGRAM_CAPTION = 1024

_templates = Environment(
    loader=PackageLoader("defacewatch.notify"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def content_of(said: Said) -> Content:
    """What is said, in the language and the time zone of whoever it is for."""
    return compose_gathered(said) if isinstance(said, Gathered) else compose(said)


def subject(said: Said) -> str:
    """One line of at most `SUBJECT` characters: '🔴 SC-000123 NGHI TẤN CÔNG …: Cổng …'."""
    content = content_of(said)
    code = f"{content.code} " if content.code else ""
    about = f": {safe(said.portal.name)}" if isinstance(said, Notice) and said.portal else ""
    return bounded(clean(f"{content.emoji} {code}{content.headline}{about}"), SUBJECT)


def text(said: Said) -> str:
    """The message as plain text: short lines, the most important first."""
    return "\n".join(_lines(content_of(said), translator(said.language), markup=False))


def telegram_html(said: Said) -> str:
    """The message in Telegram's HTML, within its limit; what matters least is left out if it is too long."""
    translate, words = translator(said.language), ""
    for content in _shorter(content_of(said)):
        words = "\n".join(_lines(content, translate, markup=True))
        if _units(words) <= TELEGRAM_TEXT:
            break
    return words


def _shorter(content: Content) -> Iterator[Content]:
    """The same, shorter and shorter: without what is seen on the pages, from the end; without the codes of
    what was told before; without signs, whose incidents keep their codes; without the codes."""
    yield content
    for place in reversed(range(len(content.signs))):
        sign = content.signs[place]
        if sign.short:
            signs = list(content.signs)
            signs[place] = replace(sign, sentence=sign.short, points="")
            content = replace(content, signs=tuple(signs))
            yield content
    while content.known:
        content = _with_fewer(content, known=content.known[: len(content.known) // 2])
        yield content
    while content.signs:
        gone = content.signs[-1].incident
        codes = content.codes if gone is None else (gone, *content.codes)
        content = replace(content, signs=content.signs[:-1], unsaid=content.unsaid + 1, codes=codes)
        yield content
    while content.codes:
        content = _with_fewer(content, codes=content.codes[: len(content.codes) // 2])
        yield content


def _with_fewer(
    content: Content, *, codes: tuple[int, ...] | None = None, known: tuple[int, ...] | None = None
) -> Content:
    codes = content.codes if codes is None else codes
    known = content.known if known is None else known
    gone = len(content.codes) + len(content.known) - len(codes) - len(known)
    return replace(content, codes=codes, known=known, uncoded=content.uncoded + gone)


def caption(notice: Notice, *, before: bool) -> str:
    """The caption of one picture, plain: which of the two it is, the incident's code and the portal."""
    _ = translator(notice.language)
    content = compose(notice)
    about = " · ".join(filter(None, (content.code, safe(notice.portal.name) if notice.portal else None)))
    return bounded("\n".join(filter(None, (_picture_label(notice, before=before), about))), TELEGRAM_CAPTION)


def html(said: Said, *, before: str | None = None, after: str | None = None) -> str:
    """The body of an e-mail. It loads nothing: `before` and `after` are the content ids of the pictures that
    travel with it ('cid:' is put before them)."""
    notice = said if isinstance(said, Notice) else None
    pictures = [
        (cid, _picture_label(notice, before=cid is before))
        for cid in (before, after)
        if cid is not None and notice is not None
    ]
    return _templates.get_template("email.html").render(
        _=translator(said.language),
        language=said.language,
        content=content_of(said),
        portal=safe(notice.portal.name) if notice is not None and notice.portal else None,
        pictures=pictures,
    )


def _picture_label(notice: Notice, *, before: bool) -> str:
    _ = translator(notice.language)
    if before:
        return _("Before – as approved")
    if notice.confirmed_at is None:
        return _("After – as seen")
    return _("After – as seen at {time}").format(time=local_time(notice.confirmed_at, notice.zone))


def _lines(content: Content, _: Translate, *, markup: bool) -> Iterator[str]:
    def bold(words: str) -> str:
        return f"<b>{escape(words)}</b>" if markup else words

    def plain(words: str) -> str:
        return escape(words) if markup else words

    yield f"{content.emoji} {bold(content.headline)}"
    for note in content.notes:
        yield f"❗ {bold(note)}" if content.signs else plain(note)
    for label, value in content.facts:
        yield f"{plain(label)}: {bold(value) if label == _('Code') else plain(value)}"
    if content.signs:
        yield f"{bold(content.listed)}:"
        yield from (f"• {plain(sign.line)}" for sign in content.signs)
    if content.unsaid:
        yield plain("• " + content.rest)
    if content.steps:
        yield f"{bold(_('What to do'))}:"
        yield from (plain(f"{number}. {step}") for number, step in enumerate(content.steps, 1))
    if content.deadline:
        label, value = content.deadline
        yield f"{bold(label)}: {plain(value)}"
    if content.take and not markup:
        yield f"{content.take_label}: {content.take}"
    if content.link:
        words = _("Open the evidence")
        yield f'<a href="{escape(content.link)}">{plain(words)}</a>' if markup else f"{words}: {content.link}"


def _units(words: str) -> int:
    """Length as Telegram counts it, an upper bound: the markup is counted too."""
    return len(words.encode("utf-16-le")) // 2
