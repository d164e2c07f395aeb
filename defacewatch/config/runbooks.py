"""config/runbooks/*.md: what is to be done, by portal (its key), by verdict, or by default."""

from pathlib import Path

from defacewatch.config.documents import Problem, Unreadable, read_text
from defacewatch.runbooks import Runbook, parse

FOLDER = "runbooks"
LARGEST = 200  # files


def files(folder: Path) -> list[Path]:
    """The runbooks' files under a configuration folder, by name."""
    return sorted((folder / FOLDER).glob("*.md"))[:LARGEST]


def runbooks_in(folder: Path) -> tuple[dict[str, Runbook], list[Problem]]:
    """The runbooks by name, and what is wrong with the others."""
    found: dict[str, Runbook] = {}
    problems: list[Problem] = []
    for file in files(folder):
        try:
            found[file.stem] = parse(read_text(file))
        except Unreadable as error:
            problems.append(error.problem)
        except ValueError as error:
            problems.append(Problem(str(file), 1, str(error)))
    return found, problems
