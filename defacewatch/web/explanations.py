"""What each kind of signal means for an officer: the texts of docs/signals.md, for the console."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from defacewatch.signals import Kind

_SECTION = re.compile(r"^### `([\w-]+)`$(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
_PARAGRAPH = re.compile(r"^(EN|VI)\. (.*?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)


@cache
def explanations() -> Mapping[tuple[str, str], str]:
    """All of them, by kind and language."""
    text = (resources.files("defacewatch") / "data" / "signals.md").read_text("utf-8")
    return {
        (kind, language.lower()): " ".join(paragraph.replace("`", "").replace("*", "").split())
        for kind, section in _SECTION.findall(text)
        for language, paragraph in _PARAGRAPH.findall(section)
    }


def explanation(kind: Kind, language: str) -> str:
    """What a kind means, in plain text; '' where nothing is written."""
    return explanations().get((kind.value, language), "")
