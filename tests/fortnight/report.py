"""The results as Markdown: what was run, what came of it, how long it took to reach somebody, every
incident."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.fortnight.audit import Audit, Reached
from tests.fortnight.record import Record
from tests.fortnight.scenario import Scenario
from tests.fortnight.setting import NAMES, SILENT, ZONE

CLASSES = ("all there", "telegram away", "email away", "telegram and email away")
HEAD = """# A fortnight, simulated

What `python -m tests.fortnight` shows: the daemon's store, outbox, channels, bot, console, handovers and
watches of itself in a process that is killed (SIGKILL) again and again, over a clock that is moved from one
due time to the next. Mail server, Bot API server and portals are outside of it, on loopback, and are asked by
HTTP and SMTP; the officers press the buttons and follow the links that they are sent. Times are simulated but
for the wall time. The audit (`tests/fortnight/audit.py`) compares the rows of the store with what the servers
received.

- Somebody **responsible** is whoever the escalation step names that was due (on duty by rotation, leave and
  swaps), or who is next in line for an officer whose channels fail.
- **In time** means: not later than the first attempt, in the documented intervals, that a channel of somebody
  named by then could take; a second channel counts from the second failure of the first, the next in line
  from that of the last. A kill until then adds the time until the next daemon and one lease (60 s). The limit
  is worked out from the roster, the outages and the kills, not from what the daemon did.
  What travels with others may come a minute later (a mail cannot be edited): the table does not count it as
  in time, the problems do not name it.
- A **duplicate** is a message that no receipt names. Each must belong to a delivery that a kill found on its
  way; any other is a violation.

Not shown here: captures by Chromium (what was served stands for them; looks are made where something has
happened, by the real check), a server that hangs instead of refusing, and PostgreSQL.

`.venv/bin/python -m tests.fortnight --seed 1 --out docs/fortnight.md` writes this file, and ends with 1 where
there is a problem. `tests/fortnight/test_fortnight.py` does one day of it; `tests/fortnight/test_audit.py`
shows that the audit finds a lost alert, a message that came twice, a missing receipt and the like.
"""


@dataclass(frozen=True)
class Run:
    """How it was run: on what, for how many real seconds, in how many steps."""

    machine: str
    seconds: float
    steps: int


def markdown(plan: Scenario, record: Record, found: Audit, run: Run) -> str:
    parts = [HEAD, *_summary(plan, record, found, run), *_table_of_times(found.reached)]
    parts += ["## Problems\n", *([f"- {line}" for line in found.problems] or ["None."])]
    parts += ["\n## Incidents\n", *_incidents(found.reached)]
    return "\n".join(parts) + "\n"


def _summary(plan: Scenario, record: Record, found: Audit, run: Run) -> Iterator[str]:
    days = (plan.ends - plan.begins).days
    yield "## The run\n"
    yield "| | |\n|---|---|"
    rows: list[tuple[str, object]] = [
        ("machine", run.machine),
        ("seed", plan.seed),
        (
            "simulated",
            f"{days} days from {_local(plan.begins)}, and until the last message at {_local(record.ended)}",
        ),
        ("wall time", f"{run.seconds:.0f} s, {run.steps} steps"),
        ("incidents", f"{len(record.incidents)} of {len(plan.stories)} planned: {_kinds(found.reached)}"),
        ("Telegram away", _period(plan.telegram_down)),
        ("SMTP away", _period(plan.smtp_down)),
        ("swap", _period(plan.swap)),
        *found.figures.items(),
        ("duplicates", f"{found.duplicates}, each of a delivery that a kill found on its way"),
        ("never answers", f"{NAMES[SILENT]}: {_silence(found.reached)}"),
        ("taken by", _taken(record)),
        ("**problems**", f"**{len(found.problems)}**"),
    ]
    yield from (f"| {name} | {value} |" for name, value in rows)
    yield ""


def _table_of_times(reached: Sequence[Reached]) -> Iterator[str]:
    """Seconds from the alert to the first message that somebody responsible received."""
    yield "## From the alert to the first receipt by somebody responsible\n"
    yield "Simulated seconds; the sending itself takes none. Channels as they were when the alert was raised."
    yield "\n| channels | daemon killed on the way | incidents | in time | p50 | p99 | longest |"
    yield "|---|---|---|---|---|---|---|"
    groups: defaultdict[tuple[str, bool], list[Reached]] = defaultdict(list)
    for one in reached:
        groups[one.state, one.killed].append(one)
    for state in CLASSES:
        for killed in (False, True):
            some = groups.get((state, killed), [])
            if not some:
                continue
            took = sorted(one.took.total_seconds() for one in some if one.took is not None)
            in_time = sum(one.first is not None and one.first.at <= one.limit for one in some)
            figures = (
                " | ".join(f"{_share(took, share):.0f}" for share in (0.5, 0.99, 1.0))
                if took
                else "– | – | –"
            )
            yield f"| {state} | {'yes' if killed else 'no'} | {len(some)} | {in_time} | {figures} |"
    yield ""


def _incidents(reached: Sequence[Reached]) -> Iterator[str]:
    columns = ("", "page goes wrong", "what", "alert", "first told", "by", "after", "limit", "all told")
    yield "| " + " | ".join((*columns, "taken by", "closed")) + " |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for one in sorted(reached, key=lambda one: one.raised_at):
        incident, first = one.incident, one.first
        cells = (
            f"SC-{incident.id:06d}",
            _local(one.story.at),
            one.story.wrong.value,
            _local(one.raised_at),
            first.officer if first else "nobody",
            first.channel if first else "–",
            f"{one.took.total_seconds():.0f} s" if one.took is not None else "–",
            f"{(one.limit - one.raised_at).total_seconds():.0f} s",
            ", ".join(one.told),
            incident.acknowledged_by or "–",
            _local(incident.resolved_at) if incident.resolved_at else "open",
        )
        yield "| " + " | ".join(cells) + " |"


def _share(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of sorted values."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%d/%m %H:%M:%S}"


def _period(period: tuple[datetime, datetime]) -> str:
    return " – ".join(_local(moment) for moment in period)


def _kinds(reached: Sequence[Reached]) -> str:
    return ", ".join(
        f"{count} {kind}" for kind, count in Counter(one.story.wrong.value for one in reached).items()
    )


def _silence(reached: Sequence[Reached]) -> str:
    asked = [one for one in reached if one.told and one.told[0] == SILENT]
    taken = sum(one.incident.acknowledged_by not in (None, SILENT) for one in asked)
    return f"told first of {len(asked)} incidents, of which others took {taken}"


def _taken(record: Record) -> str:
    ways: Counter[str] = Counter()
    for entries in record.timelines.values():
        ways.update(entry.via for entry in entries if entry.event.value == "acknowledged")
    open_ = len(record.incidents) - sum(ways.values())
    return ", ".join(f"{way} {count}" for way, count in sorted(ways.items())) + f"; nobody {open_}"
