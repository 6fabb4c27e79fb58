"""Measured pipelines with two half stages on each device: ``zb-MODEL-pP-mM-v-1x`` and ``-interleaved-1x``.

The halves are ours: each takes half the measured time and memory of a stage of the zero-bubble paper.
"""

from collections.abc import Iterator

from gapweave.instances.families.zero_bubble import Measurement, measurements
from gapweave.instances.pipeline import equal_stages, row_of_devices
from gapweave.instances.published_data import read_source
from gapweave.models.instance import Instance, StageMemory

#: Halves of odd microseconds are whole in this unit.
_NS_PER_US = 1000
_MODELS = ("1.5B", "6.2B")


def instances() -> Iterator[Instance]:
    """Yield the smallest measured row of the smaller models in both placements."""
    for model in _MODELS:
        row = min((one for one in measurements() if one.model == model), key=lambda one: one.microbatches)
        forth = list(range(row.stages))
        yield _halved(row, "v", "forth and back as a V", forth + forth[::-1])
        yield _halved(row, "interleaved", "forth twice, interleaved", forth + forth)


def _halved(row: Measurement, variant: str, placed: str, devices: list[int]) -> Instance:
    name = f"zb-{row.model.lower()}-p{row.stages}-m{row.microbatches}-{variant}-1x"
    memory = {kind: getattr(row.memory, kind) // 2 for kind in ("forward", "backward", "weight")}
    job = equal_stages(
        "primary",
        devices,
        row.microbatches,
        forward=row.forward * _NS_PER_US // 2,
        backward=row.backward * _NS_PER_US // 2,
        weight=row.weight * _NS_PER_US // 2,
        memory=StageMemory(**memory),
        transfer=row.transfer * _NS_PER_US,
    )
    return Instance(
        name=name,
        description=f"{row.text}, {row.stages} stages of measured times, each cut into two halves (our cut) "
        f"placed {placed}; each device has memory for {row.stages} microbatches of whole stages.",
        source=read_source("zero_bubble_measured")["source"],
        time_unit="ns",
        memory_unit="B",
        devices=row_of_devices(row.stages, row.stages * row.memory.forward),
        jobs=(job,),
    )
