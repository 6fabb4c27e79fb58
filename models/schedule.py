"""A schedule: every task with its device and time, how good it is, and its file format."""

import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, ValidationError, model_validator

from gapweave.models.atomic_write import write_text
from gapweave.models.display import as_html
from gapweave.models.errors import InvalidInstance, InvalidSchedule
from gapweave.models.fields import (
    MAX_TASKS,
    Count,
    FieldError,
    FormatModel,
    Index,
    JsonObject,
    Text,
    first_problem,
    shown,
)
from gapweave.models.instance import Instance, require_format
from gapweave.models.strict_json import join_path, read_json
from gapweave.models.task import Kind, ScheduledTask

SCHEDULE_FORMAT = "gapweave.schedule/1"
MAX_SCHEDULE_BYTES = 256 * 2**20
COLUMNS = ScheduledTask._fields

#: Times in a schedule file may be wrong, but never so large that arithmetic on them hurts.
_MAX_TIME = 2**62

Objective: TypeAlias = Literal["makespan", "period"]
Mode: TypeAlias = Literal["joint", "fill"]
Status: TypeAlias = Literal["optimal", "feasible"]
Time = Annotated[int, Field(strict=True, ge=-_MAX_TIME, le=_MAX_TIME)]
Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
PrimaryTask = tuple[Kind, Index, Index | None, Time]


class Bound(FormatModel):
    """Why no schedule beats ``lower_bound``: the argument's name, and what is needed to prove it again."""

    argument: Text
    certificate: JsonObject = Field(default_factory=dict)


class Primary(FormatModel):
    """What the mode promises to the primary job.

    Attributes
    ----------
    source
        The method that made the primary's own schedule.
    makespan
        Its makespan alone, in ticks; with objective ``period`` the period of one step of it alone.
    limit
        Largest allowed makespan of the primary, in ticks; with objective ``period`` the longest allowed
        time per step of it.
    tasks
        ``fill``: [kind, stage, microbatch, start] of every primary task; with objective ``period`` of one
        step, and step n runs n times ``makespan`` later. With a slack: None.
    """

    source: Text
    makespan: Time
    limit: Time
    tasks: tuple[PrimaryTask, ...] | None = None


class SolverRecord(FormatModel):
    """Who made the schedule, and with what settings; ``wall_time`` in seconds."""

    name: Text
    version: Text = ""
    seed: Annotated[int, Field(strict=True)] = 0
    workers: Count = 1
    time_limit: Seconds | None = None
    work_limit: Seconds | None = None
    wall_time: Seconds = 0.0
    notes: JsonObject = Field(default_factory=dict)


class Schedule(FormatModel):
    """Times of all tasks of an instance, immutable; see DESIGN for the meaning of each field.

    ``tasks`` are sorted by (start, device, job, step, stage). Nothing here is checked against the rules of
    feasibility: that is `gapweave.verify`.
    """

    format: Literal["gapweave.schedule/1"] = SCHEDULE_FORMAT  # type: ignore[assignment]
    instance: Instance
    placement: Text = "given"
    objective: Objective = "makespan"
    mode: Mode = "joint"
    steps: tuple[Count, ...]
    status: Status = "feasible"
    makespan: Time
    period: Time | None = None
    lower_bound: Time | None = None
    bound: Bound | None = None
    job_makespans: dict[str, Time]
    primary: Primary | None = None
    solver: SolverRecord
    tasks: tuple[ScheduledTask, ...]

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a schedule file.

        Raises
        ------
        InvalidSchedule
            The file is missing, unreadable, or breaks the format; the text names file and field.
        """
        document = read_json(path, MAX_SCHEDULE_BYTES, InvalidSchedule)
        try:
            return cls.from_document(document)
        except InvalidSchedule as exc:
            raise InvalidSchedule(exc.field, exc.problem, str(path)) from exc

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Build a schedule from parsed JSON; raises InvalidSchedule with the field's path."""
        require_format(document, SCHEDULE_FORMAT, InvalidSchedule)
        columns = document.get("columns")
        if columns != list(COLUMNS):
            raise InvalidSchedule("columns", f"expected {list(COLUMNS)}, got {shown(columns)}")
        try:
            instance = Instance.from_document(document.get("instance"))
        except InvalidInstance as exc:
            raise InvalidSchedule(join_path(("instance", *filter(None, [exc.field]))), exc.problem) from exc
        values = {key: value for key, value in document.items() if key != "columns"}
        values |= {"instance": instance, "tasks": _read_rows(document.get("tasks"))}
        try:
            return cls.model_validate(values)
        except ValidationError as exc:
            raise InvalidSchedule(*first_problem(exc)) from exc

    def summary(self) -> dict[str, Any]:
        """Return the schedule file's values without ``instance``, ``columns`` and ``tasks``, plus ``gap``."""
        values = self.model_dump(mode="json", exclude={"instance", "tasks"})
        if values["solver"].get("notes") == {}:
            del values["solver"]["notes"]
        return values | {"gap": self.gap}

    def to_text(self) -> str:
        """Return the schedule file: the header indented, then one task a line."""
        header = self.summary()
        del header["gap"]
        header = {"format": header.pop("format"), "instance": self.instance.to_document()} | header
        header["columns"] = list(COLUMNS)
        text = json.dumps(header, indent=1, ensure_ascii=False)
        rows = ",\n  ".join(map(json.dumps, self.tasks))
        return f'{text[:-2]},\n "tasks": [\n  {rows}\n ]\n}}\n'

    def save(self, path: str | Path) -> None:
        """Write the schedule file, whole or not at all (OutputError)."""
        write_text(path, self.to_text())

    @property
    def value(self) -> int:
        """The objective's value: the makespan, or the period."""
        return self.makespan if self.period is None else self.period

    @property
    def gap(self) -> float | None:
        """``value / lower_bound - 1``; None if no bound is known."""
        return self.value / self.lower_bound - 1 if self.lower_bound else None

    @cached_property
    def tasks_by_device(self) -> tuple[tuple[ScheduledTask, ...], ...]:
        """The tasks of each device in order of their starts."""
        rows: list[list[ScheduledTask]] = [[] for _ in self.instance.devices]
        for row in self.tasks:
            rows[row.device].append(row)
        return tuple(tuple(sorted(own, key=lambda row: row.start)) for own in rows)

    def _repr_html_(self) -> str | None:
        """Draw the schedule in a notebook."""
        return as_html("schedule", self)

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        jobs = self.instance.jobs
        if len(self.steps) != len(jobs):
            raise FieldError(("steps",), f"expected {len(jobs)} entries (one per job), got {len(self.steps)}")
        total = sum(count * job.task_count for count, job in zip(self.steps, jobs, strict=True))
        if total > MAX_TASKS:
            raise FieldError(("steps",), f"{total} tasks in all, expected at most {MAX_TASKS}")
        if (self.objective == "period") != (self.period is not None):
            raise FieldError(
                ("period",), f"does not go with objective {self.objective!r}, got {shown(self.period)}"
            )
        if self.period is not None and self.period < 1:
            raise FieldError(("period",), f"expected an integer >= 1, got {self.period}")
        if (self.lower_bound is None) != (self.bound is None):
            raise FieldError(("bound",), "expected null exactly if lower_bound is null")
        if self.mode == "fill" and (self.primary is None or self.primary.tasks is None):
            raise FieldError(("primary",), "mode 'fill' needs the primary's tasks")
        for index, row in enumerate(self.tasks):
            if not 0 <= row.device < len(self.instance.devices):
                problem = f"expected an index into {len(self.instance.devices)} devices, got {row.device}"
                raise FieldError(("tasks", index, "device"), problem)
        return self


def sort_tasks(rows: Iterable[ScheduledTask]) -> tuple[ScheduledTask, ...]:
    """Sort rows as schedule files do: by (start, device, job, step, stage)."""
    return tuple(sorted(rows, key=lambda row: (row.start, row.device, row.job, row.step, row.stage)))


def _read_rows(rows: Any) -> tuple[ScheduledTask, ...]:
    """Check the shape of every row by hand: pydantic takes seconds for what files may hold."""
    if not isinstance(rows, list):
        raise InvalidSchedule("tasks", "missing" if rows is None else f"expected a list, got {shown(rows)}")
    if len(rows) > MAX_TASKS:
        raise InvalidSchedule("tasks", f"expected at most {MAX_TASKS} entries, got {len(rows)}")
    for index, row in enumerate(rows):
        if not _is_row(row):
            raise InvalidSchedule(*_row_problem(index, row))
    return tuple(map(ScheduledTask._make, rows))


def _is_row(row: Any) -> bool:
    if type(row) is not list or len(row) != len(COLUMNS):
        return False
    job, step, kind, stage, microbatch, device, start, end = row
    return (
        type(job) is type(step) is type(stage) is type(device) is type(start) is type(end) is int
        and (type(microbatch) is int or (microbatch is None))
        and kind in ("F", "B", "W", "O")
        and -_MAX_TIME <= start <= _MAX_TIME
        and -_MAX_TIME <= end <= _MAX_TIME
        and min(job, step, stage, device) >= 0
    )


def _row_problem(index: int, row: Any) -> tuple[str, str]:
    if not isinstance(row, list) or len(row) != len(COLUMNS):
        return f"tasks[{index}]", f"expected a list of {len(COLUMNS)} entries, got {shown(row)}"
    for column, value in zip(COLUMNS, row, strict=True):
        where = f"tasks[{index}].{column}"
        if column == "kind":
            if value not in ("F", "B", "W", "O"):
                return where, f"expected 'F', 'B', 'W' or 'O', got {shown(value)}"
        elif type(value) is not int and not (column == "microbatch" and value is None):
            return where, f"expected an integer, got {shown(value)}"
        elif value is not None and not -_MAX_TIME <= value <= _MAX_TIME:
            return where, f"expected a magnitude <= 2^62, got {shown(value)}"
        elif value is not None and column not in ("start", "end") and value < 0:
            return where, f"expected an integer >= 0, got {value}"
    return f"tasks[{index}]", f"expected a row of {list(COLUMNS)}"
