"""Two models on one set of devices, in opposite directions: ``fusion-NN`` and ``fusion-NN-cap``.

References
----------
RLHFuse: Efficient RLHF Training for Large Language Models with Inter- and Intra-Stage Fusion.
arXiv:2409.13221.
"""

from collections.abc import Iterator
from typing import Any

from gapweave.instances.pipeline import equal_stages, row_of_devices
from gapweave.instances.published_data import Number, read_source, whole
from gapweave.models.instance import Instance, Job, StageMemory

#: Published memory amounts have two decimals.
_MEMORY_SCALE = 100


def instances() -> Iterator[Instance]:
    """Yield every published experiment without a memory limit, then with one."""
    data = read_source("two_model_fusion")
    for row in data["rows"]:
        yield _instance(row, data["source"], "", None, "no memory limit")
    for row in data["rows"]:
        peak = row["annealed_peak_memory"]
        limit = f"every device has the published schedule's highest memory peak, {peak}, as its capacity"
        yield _instance(row, data["source"], "-cap", whole(peak, _MEMORY_SCALE), limit)


def _instance(row: dict[str, Any], source: str, variant: str, capacity: int | None, limit: str) -> Instance:
    pipelines = row["stages0"] // row["stages1"]
    return Instance(
        name=f"fusion-{row['number']:02}{variant}",
        description=f"Experiment {row['number']}: model 0 is one pipeline of {row['stages0']} stages; "
        f"model 1 is {pipelines} of {row['stages1']} stages in reversed device order; {limit}. "
        f"Published makespans: greedy {row['greedy']}, annealed {row['annealed']}, "
        f"lower bound {row['lower_bound']}. Memory in hundredths of the published unit.",
        source=source,
        memory_unit="unit/100",
        devices=row_of_devices(row["stages0"], capacity),
        jobs=(_model0(row), *(_model1_pipeline(row, number) for number in range(pipelines))),
    )


def _model0(row: dict[str, Any]) -> Job:
    return _pipeline("model0", range(row["stages0"]), row["microbatches0"], row["forward0"], row["memory0"])


def _model1_pipeline(row: dict[str, Any], number: int) -> Job:
    """Return one pipeline of model 1, on its own block of devices from the last to the first."""
    length = row["stages1"]
    block = range(number * length, (number + 1) * length)
    name = f"model1-pipeline{number}"
    return _pipeline(name, block[::-1], row["microbatches1"], row["forward1"], row["memory1"])


def _pipeline(name: str, devices: range, microbatches: int, forward: int, held: Number) -> Job:
    claim = whole(held, _MEMORY_SCALE)
    memory = StageMemory(forward=claim, backward=-claim)
    return equal_stages(name, devices, microbatches, forward=forward, backward=2 * forward, memory=memory)
