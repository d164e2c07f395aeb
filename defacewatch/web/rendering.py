"""Templates to pages. Everything is escaped; templates get their texts from `Words`."""

from functools import cache
from importlib import resources

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from defacewatch.web.words import Words

STATIC = {
    "console.css": "text/css",
    "accounts.css": "text/css",
    "baselines.css": "text/css",
    "desk.css": "text/css",
    "compare.js": "text/javascript",
    "refresh.js": "text/javascript",
    "portals.css": "text/css",
    "wall.css": "text/css",
    "incident.css": "text/css",
    "masks.css": "text/css",
    "masks.js": "text/javascript",
    "wall.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}


class Renderer:
    """The templates, and the few files that go with them, read once."""

    def __init__(self) -> None:
        self._templates = _templates()
        folder = resources.files("defacewatch.web") / "static"
        self._files = {name: (folder / name).read_bytes() for name in STATIC}

    def page(self, template: str, words: Words, *, status: int = 200, **values: object) -> web.Response:
        made = self.text(template, words, **values)
        return web.Response(text=made, status=status, content_type="text/html")

    def text(self, template: str, words: Words, **values: object) -> str:
        """A part of a page, as the page itself would have it."""
        return self._templates.get_template(template).render(words=words, _=words._, **values)

    def file(self, name: str) -> web.Response:
        """One of the files under static/. Raises KeyError."""
        return web.Response(body=self._files[name], content_type=STATIC[name], charset="utf-8")


@cache
def _templates() -> Environment:
    """One for the process: a template takes longer to compile than a page to be made of it."""
    return Environment(
        loader=PackageLoader("defacewatch.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )


def compile_templates() -> None:
    """Compile what pages are made of, so that nobody who asks for the first one waits for that. Takes a
    second or two; for a thread."""
    templates = _templates()
    for name in templates.list_templates(extensions=["html"]):
        templates.get_template(name)
