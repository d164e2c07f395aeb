"""What can go wrong, as a person should read it: one line that says what to do."""

from collections.abc import Callable


class DefacewatchError(Exception):
    """Base of every error that is shown to a person; its text is one line.

    Made of a text with {names} and their `values`, it can be `said` in the reader's language; `str` gives it
    in English. `exit_code` is what the command line leaves with (docs/cli.md): 2 for bad usage or
    configuration, 3 for something that could not be done.
    """

    exit_code = 3

    def __init__(self, message: str = "", /, **values: object) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message, self.values = message, values

    def said(
        self, translate: Callable[[str], str], show: Callable[[str, object], object] | None = None
    ) -> str:
        """The text through `translate`, its values (name, value) as `show` puts them."""
        values = {name: show(name, value) if show else value for name, value in self.values.items()}
        text = translate(self.message) if self.message else ""
        return text.format(**values) if values else text


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


class Exhausted(DefacewatchError):
    """This host has run out of something that looking needs; says nothing about the page."""


class StoreError(DefacewatchError):
    """The database could not be read or written; the text says which and what to do."""
