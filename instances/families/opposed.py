"""Small placements whose optima are published: ``opposed-xN`` and ``opposed-vN``.

References
----------
Tessel: Boosting Distributed Execution of Large DNN Models via Flexible Schedule Search. arXiv:2311.15269.
"""

from collections.abc import Iterator

from gapweave.instances.pipeline import equal_stages, row_of_devices
from gapweave.instances.published_data import read_source
from gapweave.models.instance import Instance, Job

_DEVICES = range(4)


def instances() -> Iterator[Instance]:
    """Yield one pipeline (V), and two that traverse the devices in opposite order (X)."""
    data = read_source("opposed_pipelines_optima")
    single, opposed = data["one_pipeline_V"], data["two_opposed_pipelines_X"]
    for count, optimum in zip(single["microbatches"], single["optimum"], strict=True):
        text = f"One pipeline, microbatches: {count}. Published optimum: {optimum}."
        yield _instance(f"opposed-v{count}", text, data["source"], _pipeline("primary", _DEVICES, count))
    for count, optimum in zip(opposed["microbatches_each"], opposed["optimum"], strict=True):
        text = (
            f"Two pipelines in opposite order, microbatches of each: {count}. Published optimum: {optimum}."
        )
        jobs = _pipeline("primary", _DEVICES, count), _pipeline("secondary", _DEVICES[::-1], count)
        yield _instance(f"opposed-x{count}", text, data["source"], *jobs)


def _instance(name: str, description: str, source: str, *jobs: Job) -> Instance:
    return Instance(
        name=name,
        description=description,
        source=source,
        devices=row_of_devices(len(_DEVICES)),
        jobs=jobs,
    )


def _pipeline(name: str, devices: range, microbatches: int) -> Job:
    return equal_stages(name, devices, microbatches, forward=1, backward=3)
