"""Reading a measured trace back, strictly: the file may be anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gapweave.executor.lowering.lower import schedule_digest
from gapweave.executor.measured.recording import Event
from gapweave.executor.measured.trace import MEASURED_FORMAT
from gapweave.executor.program import MESSAGE_KINDS, OPERATIONS, Action
from gapweave.models.errors import InvalidFile
from gapweave.models.expand import expanded
from gapweave.models.fields import MAX_TASKS, shown
from gapweave.models.schedule import Schedule
from gapweave.models.strict_json import read_json
from gapweave.models.task import KINDS

MAX_TRACE_BYTES = 256 * 2**20
_MAX_MICROSECONDS = 2**50


class Measured(NamedTuple):
    """What ranks did, on one clock.

    Attributes
    ----------
    events
        Sorted by rank and time; times in nanoseconds since the first task.
    schedule
        What was carried out: of a schedule with a period, as many periods as one piece of the run had.
    """

    events: tuple[Event, ...]
    schedule: Schedule


def read_measured(path: str | Path, schedule: Schedule) -> Measured:
    """Read what `measured_trace` returned, from a file.

    Raises
    ------
    InvalidFile
        The file is missing, unreadable, too large, no measured trace, or of another schedule; the text
        names file and field.
    """
    document = read_json(path, MAX_TRACE_BYTES, InvalidFile)
    try:
        return _measured(document, schedule)
    except InvalidFile as exc:
        raise InvalidFile(exc.field, exc.problem, str(path)) from exc


def _measured(document: Any, schedule: Schedule) -> Measured:
    if not isinstance(document, dict):
        raise InvalidFile("", f"expected a JSON object, got {shown(document)}")
    header = _member(document, "", "otherData", dict)
    if header.get("format") != MEASURED_FORMAT:
        got = shown(header["format"]) if "format" in header else "none"
        raise InvalidFile("otherData.format", f"expected {MEASURED_FORMAT!r}, got {got}")
    schedule = _carried_out(header, schedule)
    if header.get("schedule") != schedule_digest(schedule):
        raise InvalidFile("otherData.schedule", "was measured with another schedule")
    reader = _Reader(schedule)
    events = [
        reader.event(entry, f"traceEvents[{index}]")
        for index, entry in enumerate(_member(document, "", "traceEvents", list))
        if reader.is_measured(entry, f"traceEvents[{index}]")
    ]
    return Measured(tuple(sorted(events, key=lambda event: (event.rank, event.begin, event.end))), schedule)


def _carried_out(header: Mapping[str, Any], schedule: Schedule) -> Schedule:
    """Return as many periods as the makespan of the trace's plan has, ``(n - 1) * period + last end``."""
    makespan = header.get("makespan")
    if schedule.period is None or type(makespan) is not int:
        return schedule
    more, rest = divmod(makespan - max(row.end for row in schedule.tasks), schedule.period)
    if rest or not 0 <= more < MAX_TASKS // len(schedule.tasks):
        return schedule
    return expanded(schedule, more + 1)


class _Reader:
    def __init__(self, schedule: Schedule) -> None:
        self._jobs = {job.name: index for index, job in enumerate(schedule.instance.jobs)}
        self._stages = [len(job.stages) for job in schedule.instance.jobs]
        self._microbatches = [job.microbatch_count for job in schedule.instance.jobs]
        self._steps = schedule.steps
        self._ranks = len(schedule.instance.devices)

    def is_measured(self, entry: Any, where: str) -> bool:
        """Whether an event is an action of a rank."""
        if not isinstance(entry, dict):
            raise InvalidFile(where, f"expected an object, got {shown(entry)}")
        if entry.get("ph") != "X":
            return False
        return _integer(entry, where, "pid", 2 * self._ranks) >= self._ranks

    def event(self, entry: Mapping[str, Any], where: str) -> Event:
        begin = round(_number(entry, where, "ts") * 1000)
        end = begin + round(_number(entry, where, "dur", least=0) * 1000)
        arguments = _member(entry, where, "args", dict)
        inside = f"{where}.args"
        repetition = _integer(arguments, inside, "repetition", 2**40)
        return Event(entry["pid"] - self._ranks, repetition, self._action(arguments, inside), begin, end)

    def _action(self, arguments: Mapping[str, Any], where: str) -> Action:
        op = _choice(arguments, where, "op", OPERATIONS)
        kind = _choice(arguments, where, "kind", KINDS if op == "run" else MESSAGE_KINDS)
        job = self._jobs[_choice(arguments, where, "job", tuple(self._jobs))]
        microbatch = None
        if kind in ("F", "B", "W"):
            microbatch = _integer(arguments, where, "microbatch", self._microbatches[job])
        return Action(
            op,  # type: ignore[arg-type]
            kind,
            job,
            _integer(arguments, where, "step", self._steps[job]),
            _integer(arguments, where, "stage", self._stages[job]),
            microbatch,
            None if op == "run" else _integer(arguments, where, "peer", self._ranks),
        )


def _member(
    values: Mapping[str, Any], where: str, key: str, kind: type[dict[str, Any]] | type[list[Any]]
) -> Any:
    field = f"{where}.{key}" if where else key
    expected = "an object" if kind is dict else "a list"
    if key not in values:
        raise InvalidFile(field, f"missing, expected {expected}")
    if not isinstance(values[key], kind):
        raise InvalidFile(field, f"expected {expected}, got {shown(values[key])}")
    return values[key]


def _integer(values: Mapping[str, Any], where: str, key: str, limit: int) -> int:
    value = values.get(key)
    if type(value) is not int or not 0 <= value < limit:
        raise InvalidFile(f"{where}.{key}", f"expected an integer from 0 to {limit - 1}, got {shown(value)}")
    return value


def _number(values: Mapping[str, Any], where: str, key: str, least: float = -_MAX_MICROSECONDS) -> float:
    value: Any = values.get(key)
    if type(value) not in (int, float) or not least <= value <= _MAX_MICROSECONDS:
        problem = f"expected a number of microseconds{' >= 0' if least == 0 else ''}, got {shown(value)}"
        raise InvalidFile(f"{where}.{key}", problem)
    return float(value)


def _choice(values: Mapping[str, Any], where: str, key: str, known: Sequence[str]) -> str:
    value = values.get(key)
    if not isinstance(value, str) or value not in known:
        names = ", ".join(map(repr, known[:8]))
        raise InvalidFile(f"{where}.{key}", f"expected one of {names}, got {shown(value)}")
    return value
