"""Measured pipelines of the zero-bubble paper as single jobs: ``zb-MODEL-pP-mM-1x|2x|unsplit``.

References
----------
P. Qi, X. Wan, G. Huang, M. Lin. Zero Bubble Pipeline Parallelism. arXiv:2401.10241.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gapweave.instances.pipeline import equal_stages, row_of_devices
from gapweave.instances.published_data import read_source, whole
from gapweave.models.instance import Instance, Job, StageMemory

_SOURCE = "zero_bubble_measured"
_US_PER_MS = 1000
# The paper's schedules by how many times P microbatches every stage may hold.
_SCHEDULES = {1: "zb-1p", 2: "zb-2p"}


@dataclass(frozen=True)
class Measurement:
    """One row of the paper's tables.

    Attributes
    ----------
    model
        The paper's name, for example ``6.2B``; ``text`` says its size in words.
    forward, backward, weight, transfer
        Microseconds of one microbatch on any one stage, and on any one edge.
    memory
        Bytes that one microbatch claims and frees on any one stage.
    bubble_rates
        Published stage-span bubble rate of each of the paper's schedules.
    """

    model: str
    text: str
    stages: int
    microbatches: int
    forward: int
    backward: int
    weight: int
    transfer: int
    memory: StageMemory
    bubble_rates: dict[str, Decimal]

    def job(self, name: str) -> Job:
        """Return the training job with B and W apart."""
        return self._pipeline(name, self.backward, self.weight, self.memory)

    def unsplit_job(self, name: str) -> Job:
        """Return the training job whose backward does the work of B and W."""
        claim = self.memory.forward
        return self._pipeline(
            name, self.backward + self.weight, None, StageMemory(forward=claim, backward=-claim)
        )

    def _pipeline(self, name: str, backward: int, weight: int | None, memory: StageMemory) -> Job:
        return equal_stages(
            name,
            range(self.stages),
            self.microbatches,
            forward=self.forward,
            backward=backward,
            weight=weight,
            memory=memory,
            transfer=self.transfer,
        )


def measurements() -> list[Measurement]:
    """Return the measured rows in the paper's order."""
    data = read_source(_SOURCE)
    return [_measurement(row, data["models"][row["model"]]) for row in data["rows"]]


def measured_instance(name: str, description: str, capacity: int | None, *jobs: Job) -> Instance:
    """Return an instance in microseconds and bytes, one device for each stage of the first job."""
    return Instance(
        name=name,
        description=description,
        source=read_source(_SOURCE)["source"],
        time_unit="us",
        memory_unit="B",
        devices=row_of_devices(len(jobs[0].stages), capacity),
        jobs=jobs,
    )


def instances() -> Iterator[Instance]:
    """Yield every measured row with two memory capacities, and unsplit without one."""
    for row in measurements():
        yield _split(row, 1)
        yield _split(row, 2)
        yield _unsplit(row)


def _measurement(row: dict[str, Any], model: dict[str, Any]) -> Measurement:
    return Measurement(
        model=row["model"],
        text=f"{row['model']} model ({model['layers']} layers, hidden size {model['hidden']})",
        stages=row["stages"],
        microbatches=row["microbatches"],
        forward=whole(row["forward_ms"], _US_PER_MS),
        backward=whole(row["backward_input_ms"], _US_PER_MS),
        weight=whole(row["backward_weight_ms"], _US_PER_MS),
        transfer=whole(row["transfer_ms"], _US_PER_MS),
        memory=_memory(model),
        bubble_rates=row["bubble_rate"],
    )


def _memory(model: dict[str, Any]) -> StageMemory:
    """Return bytes = bytes per token and layer x sequence x microbatch size x layers of a stage.

    The first and the last stage hold a layer less, for embedding and loss, which count as that layer.
    """
    layers_of_stage, remainder = divmod(model["layers"] + 2, model["stages"])
    if remainder:
        raise ValueError(f"{model['layers']} + 2 layers on {model['stages']} stages are not uniform")
    tokens = model["sequence"] * model["microbatch_size"]
    per_token = model["memory_bytes_per_token_per_layer"]
    return StageMemory(**{kind: delta * tokens * layers_of_stage for kind, delta in per_token.items()})


def _split(row: Measurement, times: int) -> Instance:
    schedule, held = _SCHEDULES[times], times * row.stages
    return measured_instance(
        _name(row, f"{times}x"),
        f"{_text(row)}, backward split into B and W; each device has memory for {held} microbatches in "
        f"flight. Published stage-span bubble rate of {schedule}: {row.bubble_rates[schedule]}.",
        held * row.memory.forward,
        row.job("primary"),
    )


def _unsplit(row: Measurement) -> Instance:
    return measured_instance(
        _name(row, "unsplit"),
        f"{_text(row)}, backward unsplit and as long as B and W together, no memory limit; for reproducing "
        f"the published stage-span bubble rate of 1F1B: {row.bubble_rates['1f1b']}.",
        None,
        row.unsplit_job("primary"),
    )


def _name(row: Measurement, variant: str) -> str:
    return f"zb-{row.model.lower()}-p{row.stages}-m{row.microbatches}-{variant}"


def _text(row: Measurement) -> str:
    return f"{row.text}, {row.stages} stages, {row.microbatches} microbatches, measured times"
