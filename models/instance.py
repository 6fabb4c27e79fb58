"""The problem instance: devices, jobs, stages, and the file format ``gapweave.instance/1``."""

import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from gapweave.models.atomic_write import write_text
from gapweave.models.errors import InvalidInstance
from gapweave.models.fields import (
    MAX_MAGNITUDE,
    MAX_TASKS,
    Count,
    Delta,
    Duration,
    FieldError,
    FormatModel,
    Index,
    NonNegative,
    Text,
    first_problem,
    shown,
)
from gapweave.models.strict_json import read_json

INSTANCE_FORMAT = "gapweave.instance/1"
MAX_INSTANCE_BYTES = 16 * 2**20
MAX_DEVICES = 4096
MAX_JOBS = 64

_UNION_TAGS = frozenset({"<number>", "<list>", "<object>"})


class Device(FormatModel):
    """One accelerator.

    Attributes
    ----------
    memory_capacity
        In units of ``memory_unit``; None is unlimited.
    """

    name: Text
    memory_capacity: NonNegative | None = None


class StageMemory(FormatModel):
    """Memory of one stage: what is always there, and what one microbatch adds (+) or frees (-) per task."""

    resident: NonNegative = 0
    forward: Delta = 0
    backward: Delta = 0
    weight: Delta = 0

    @property
    def peak(self) -> int:
        """Most that one microbatch holds at any moment."""
        return max(self.forward, self.forward + self.backward)


class Stage(FormatModel):
    """One stage of a job on its device; durations in ticks per microbatch (optimizer: per step)."""

    device: Index
    forward: Duration
    backward: Duration
    weight: Duration | None = None
    optimizer: NonNegative = 0
    memory: StageMemory = StageMemory()

    @property
    def is_split(self) -> bool:
        """Whether the weight gradient is a task of its own."""
        return self.weight is not None

    @property
    def work(self) -> int:
        """Ticks of one microbatch on this stage."""
        return self.forward + self.backward + (self.weight or 0)

    @model_validator(mode="after")
    def _check_memory(self) -> Self:
        memory = self.memory
        if not self.is_split and memory.weight:
            problem = f"expected 0 because the stage has no weight task, got {memory.weight}"
            raise FieldError(("memory", "weight"), problem)
        if memory.forward < 0:
            raise FieldError(("memory", "forward"), f"expected an integer >= 0, got {memory.forward}")
        if memory.forward + memory.backward < 0:
            problem = f"frees more than the {memory.forward} that forward holds, got {memory.backward}"
            raise FieldError(("memory", "backward"), problem)
        total = memory.forward + memory.backward + memory.weight
        if total:
            raise FieldError(("memory",), f"deltas of one microbatch must sum to 0, got {total}")
        return self


class MicrobatchRule(FormatModel):
    """The training configuration from which the number of microbatches required is determined."""

    global_batch: Count
    microbatch_size: Count
    data_parallel: Count = 1

    @property
    def count(self) -> int:
        """``global_batch / (microbatch_size x data_parallel)``."""
        return self.global_batch // (self.microbatch_size * self.data_parallel)

    @model_validator(mode="after")
    def _check_divisibility(self) -> Self:
        per_microbatch = self.microbatch_size * self.data_parallel
        if self.global_batch % per_microbatch:
            problem = f"expected a multiple of microbatch_size x data_parallel = {per_microbatch}"
            raise FieldError(("global_batch",), f"{problem}, got {self.global_batch}")
        return self


def _value_shape(value: object) -> str:
    if isinstance(value, dict | MicrobatchRule):
        return "<object>"
    return "<list>" if isinstance(value, list | tuple) else "<number>"


Microbatches = Annotated[
    Annotated[Annotated[int, Field(strict=True, ge=1, le=MAX_TASKS // 2)], Tag("<number>")]
    | Annotated[MicrobatchRule, Tag("<object>")]
    | Annotated[Annotated[int, Field(strict=True)], Tag("<list>")],
    Discriminator(_value_shape),
]
Transfer = Annotated[
    Annotated[NonNegative, Tag("<number>")]
    | Annotated[tuple[NonNegative, ...], Field(fail_fast=True), Tag("<list>")]
    | Annotated[Annotated[int, Field(strict=True)], Tag("<object>")],
    Discriminator(_value_shape),
]


class Job(FormatModel):
    """One training instance: its stages, microbatches per step, transfers and release time."""

    name: Text
    microbatches: Microbatches
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, fail_fast=True)]
    release: NonNegative = 0
    optimizer_barrier: Annotated[bool, Field(strict=True)] = False
    forward_transfer: Transfer = 0
    backward_transfer: Transfer = 0

    @cached_property
    def microbatch_count(self) -> int:
        """Number of microbatches required per step."""
        rule = self.microbatches
        return rule.count if isinstance(rule, MicrobatchRule) else rule

    @property
    def task_count(self) -> int:
        """Tasks of one step."""
        per_microbatch = sum(2 + stage.is_split for stage in self.stages)
        return per_microbatch * self.microbatch_count + sum(stage.optimizer > 0 for stage in self.stages)

    @cached_property
    def forward_lags(self) -> tuple[int, ...]:
        """Forward transfer of each edge s -> s+1, shape (stages - 1,); 0 inside a device."""
        return self._lags(self.forward_transfer)

    @cached_property
    def backward_lags(self) -> tuple[int, ...]:
        """Backward transfer of each edge s+1 -> s, shape (stages - 1,); 0 inside a device."""
        return self._lags(self.backward_transfer)

    @property
    def work(self) -> int:
        """Ticks of all tasks of one step, over all devices."""
        return sum(stage.work * self.microbatch_count + stage.optimizer for stage in self.stages)

    def loads(self, devices: int) -> list[int]:
        """Ticks of all tasks of one step on each of so many devices."""
        loads = [0] * devices
        for stage in self.stages:
            loads[stage.device] += stage.work * self.microbatch_count + stage.optimizer
        return loads

    @property
    def horizon(self) -> int:
        """Ticks of one step with no overlap at all: release, every task and every transfer in turn."""
        transfers = sum(self.forward_lags) + sum(self.backward_lags)
        return self.release + self.work + transfers * self.microbatch_count

    def _lags(self, transfer: int | tuple[int, ...]) -> tuple[int, ...]:
        edges = list(zip(self.stages, self.stages[1:], strict=False))
        per_edge = (transfer,) * len(edges) if isinstance(transfer, int) else transfer
        return tuple(0 if a.device == b.device else lag for (a, b), lag in zip(edges, per_edge, strict=True))

    @model_validator(mode="after")
    def _check_transfer_lengths(self) -> Self:
        for field in ("forward_transfer", "backward_transfer"):
            transfer = getattr(self, field)
            if isinstance(transfer, tuple) and len(transfer) != len(self.stages) - 1:
                problem = f"expected {len(self.stages) - 1} entries (stages - 1), got {len(transfer)}"
                raise FieldError((field,), problem)
        return self


class Instance(FormatModel):
    """A scheduling problem: which jobs train on which devices, and how long everything takes.

    The first job is the primary, the others are secondary. Times are integers in ticks of ``time_unit``,
    memory amounts integers in ``memory_unit``.

    Examples
    --------
    >>> from gapweave import Instance
    >>> instance = Instance.load("uniform-p8-m16-k2")
    """

    format: Literal["gapweave.instance/1"] = INSTANCE_FORMAT  # type: ignore[assignment]
    name: Text
    description: Text = ""
    source: Text = ""
    time_unit: Literal["ns", "us", "ms", "s", "tick"] = "tick"
    memory_unit: Text = "unit"
    devices: Annotated[tuple[Device, ...], Field(min_length=1, max_length=MAX_DEVICES, fail_fast=True)]
    jobs: Annotated[tuple[Job, ...], Field(min_length=1, max_length=MAX_JOBS, fail_fast=True)]

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an instance file.

        Parameters
        ----------
        path
            A file, or the name of a shipped instance (see ``gapweave instances list``).

        Raises
        ------
        InvalidInstance
            The file is missing, unreadable, or breaks the format; the text names file and field.
        """
        from gapweave.instances import find

        file = find(path)
        document = read_json(file, MAX_INSTANCE_BYTES, InvalidInstance)
        try:
            return cls.from_document(document)
        except InvalidInstance as exc:
            raise InvalidInstance(exc.field, exc.problem, str(file)) from exc

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Build an instance from parsed JSON; raises InvalidInstance with the field's path."""
        require_format(document, INSTANCE_FORMAT, InvalidInstance)
        try:
            return cls.model_validate(document)
        except ValidationError as exc:
            raise InvalidInstance(*first_problem(exc, _UNION_TAGS)) from exc

    def to_document(self) -> dict[str, Any]:
        """Return the instance as JSON values, without the fields that have their default."""
        required = {"format": self.format, "name": self.name}
        return required | self.model_dump(mode="json", exclude_defaults=True)

    def save(self, path: str | Path) -> None:
        """Write the instance file, whole or not at all (OutputError)."""
        write_text(path, json.dumps(self.to_document(), indent=1, ensure_ascii=False) + "\n")

    @property
    def task_count(self) -> int:
        """Tasks of one step of every job."""
        return sum(job.task_count for job in self.jobs)

    @property
    def horizon(self) -> int:
        """Ticks within which one step of every job fits in any case, if it fits into memory at all."""
        return sum(job.horizon for job in self.jobs)

    @cached_property
    def resident_memory(self) -> tuple[int, ...]:
        """Memory that is always taken, per device."""
        resident = [0] * len(self.devices)
        for job in self.jobs:
            for stage in job.stages:
                resident[stage.device] += stage.memory.resident
        return tuple(resident)

    def with_jobs(self, *indices: int) -> Self:
        """Return the instance with only these jobs; the others' resident memory stays on their devices."""
        others = [job for index, job in enumerate(self.jobs) if index not in indices]
        taken = [0] * len(self.devices)
        for job in others:
            for stage in job.stages:
                taken[stage.device] += stage.memory.resident
        devices = tuple(
            device
            if device.memory_capacity is None
            else device.model_copy(update={"memory_capacity": max(0, device.memory_capacity - amount)})
            for device, amount in zip(self.devices, taken, strict=True)
        )
        return self.model_copy(
            update={"jobs": tuple(self.jobs[index] for index in indices), "devices": devices}
        )

    @model_validator(mode="after")
    def _check_jobs(self) -> Self:
        names = [job.name for job in self.jobs]
        for index, job in enumerate(self.jobs):
            if job.name in names[:index]:
                raise FieldError(("jobs", index, "name"), f"{shown(job.name)} is the name of an earlier job")
            for number, stage in enumerate(job.stages):
                if stage.device >= len(self.devices):
                    problem = f"expected an index into {len(self.devices)} devices, got {stage.device}"
                    raise FieldError(("jobs", index, "stages", number, "device"), problem)
        return self

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        if self.task_count > MAX_TASKS:
            largest = max(range(len(self.jobs)), key=lambda index: self.jobs[index].task_count)
            problem = f"{self.task_count} tasks in all, expected at most {MAX_TASKS}"
            raise FieldError(("jobs", largest, "microbatches"), problem)
        if self.horizon > MAX_MAGNITUDE:
            raise FieldError(("jobs",), f"all durations sum to {self.horizon} ticks, expected at most 2^42")
        return self


def require_format(document: Any, expected: str, error: type[InvalidInstance] | Any) -> None:
    """Refuse what is no JSON object, or an object of another format, before anything else is looked at."""
    if not isinstance(document, dict):
        raise error("", f"expected a JSON object, got {shown(document)}")
    if "format" not in document:
        raise error("format", f"missing, expected {expected!r}")
    if document["format"] != expected:
        raise error("format", f"expected {expected!r}, got {shown(document['format'])}")
