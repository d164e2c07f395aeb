"""A paper as HTML for the browser to print: all of it escaped, nothing loaded, nothing that runs."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from defacewatch.papers.paper import Heading, Paper, Recipients, Table

_TEMPLATES = Environment(
    loader=PackageLoader("defacewatch.papers"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def _kind(part: object) -> str:
    names = {Heading: "heading", Table: "table", Recipients: "recipients"}
    return names.get(type(part), "other")


_TEMPLATES.filters["kind"] = _kind


def html_of(paper: Paper) -> str:
    return _TEMPLATES.get_template("paper.html").render(paper=paper)
