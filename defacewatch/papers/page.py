"""A paper as HTML for the browser to print: all of it escaped, nothing loaded, nothing that runs. Pictures
stand in it themselves."""

from base64 import b64encode

from jinja2 import Environment, PackageLoader, StrictUndefined

from defacewatch.papers.paper import Heading, Paper, Pictures, Recipients, Table

_TEMPLATES = Environment(
    loader=PackageLoader("defacewatch.papers"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def _kind(part: object) -> str:
    names = {Heading: "heading", Table: "table", Pictures: "pictures", Recipients: "recipients"}
    return names.get(type(part), "other")


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


_TEMPLATES.filters["kind"] = _kind
_TEMPLATES.filters["base64"] = _base64


def html_of(paper: Paper) -> str:
    return _TEMPLATES.get_template("paper.html").render(paper=paper)
