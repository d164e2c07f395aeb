"""What can go wrong, as a person should read it: one line that says what to do."""

from collections.abc import Callable


class DefacewatchError(Exception):
    """Base of every error that is shown to a person; its text is one line, in which `facts` are filled in.

    `exit_code` is what the command line leaves with (docs/cli.md): 2 for bad usage or
    configuration, 3 for something that could not be done.
    """

    exit_code = 3

    def __init__(self, text: str = "", **facts: object) -> None:
        super().__init__(text.format(**facts) if facts else text)
        self.text, self.facts = text, facts

    def said(self, translate: Callable[[str], str], **instead: object) -> str:
        """In the language of whoever reads it, where it is translated; with other facts `instead`."""
        text = translate(self.text)
        return text.format(**{**self.facts, **instead}) if self.facts else text


class ConfigError(DefacewatchError):
    """The configuration is not usable. Each problem is one line: file, line, key, what was expected."""

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(DefacewatchError):
    """A command was given words that it does not take."""

    exit_code = 2


class NotFound(DefacewatchError):
    """A page, portal, capture, incident or officer that was named does not exist."""


class Conflict(DefacewatchError):
    """The operation is against a rule (second person, wrong state, provisioned portal) or lost a race."""


class Moved(DefacewatchError):
    """What was read has changed meanwhile; read it again and repeat. Never shown to a person."""


class Postponed(Exception):
    """Too much waits for what an errand needs; it is to be done when there is room. Never shown."""


class Exhausted(DefacewatchError):
    """This host has run out of something that looking needs; says nothing about the page."""


class StoreError(DefacewatchError):
    """The database could not be read or written; the text says which and what to do."""
