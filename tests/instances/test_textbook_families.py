"""The small families: opposed pipelines, uniform pipelines, and the uneven profile."""

import pytest

from gapweave.instances import names
from gapweave.instances.published_data import read_source
from gapweave.models.instance import Instance, Job

OPTIMA = read_source("opposed_pipelines_optima")
OPPOSED = OPTIMA["two_opposed_pipelines_X"]
SINGLE = OPTIMA["one_pipeline_V"]
OPPOSED_OPTIMA = list(zip(OPPOSED["microbatches_each"], OPPOSED["optimum"], strict=True))
SINGLE_OPTIMA = list(zip(SINGLE["microbatches"], SINGLE["optimum"], strict=True))
UNIFORM = [name for name in names() if name.startswith("uniform-")]


def mirrored(job: Job, devices: int) -> list[int]:
    return [devices - 1 - stage.device for stage in job.stages]


@pytest.mark.parametrize("count", OPPOSED["microbatches_each"])
def test_opposed_pipelines_are_mirror_images(count: int) -> None:
    instance = Instance.load(f"opposed-x{count}")
    first, second = instance.jobs
    assert mirrored(first, 4) == [stage.device for stage in second.stages] == [3, 2, 1, 0]
    assert first.microbatch_count == second.microbatch_count == count
    assert {(stage.forward, stage.backward) for job in instance.jobs for stage in job.stages} == {(1, 3)}


@pytest.mark.parametrize(("count", "optimum"), OPPOSED_OPTIMA)
def test_published_opposed_optima_are_no_less_than_load_and_longest_path(count: int, optimum: int) -> None:
    instance = Instance.load(f"opposed-x{count}")
    load = sum(job.work for job in instance.jobs) // len(instance.devices)
    path = sum(stage.work for stage in instance.jobs[0].stages)
    assert max(load, path) <= optimum
    assert f"optimum: {optimum}." in instance.description


@pytest.mark.parametrize(("count", "optimum"), SINGLE_OPTIMA)
def test_published_single_optima_are_the_closed_form_of_the_instance(count: int, optimum: int) -> None:
    """One uniform pipeline takes (M + P - 1) (F + B)."""
    (job,) = Instance.load(f"opposed-v{count}").jobs
    assert (job.microbatch_count + len(job.stages) - 1) * job.stages[0].work == optimum


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_instances_are_what_their_names_say(name: str) -> None:
    instance = Instance.load(name)
    order = list(range(len(instance.devices)))
    stages = [stage for job in instance.jobs for stage in job.stages]
    assert {(stage.forward, stage.backward, stage.weight) for stage in stages} == {(1, 2, None)}
    assert {(stage.memory.forward, stage.memory.backward) for stage in stages} == {(1, -1)}
    assert len(instance.jobs) == (2 if "-k2" in name else 1)
    assert [stage.device for stage in instance.jobs[0].stages] == order
    last = [stage.device for stage in instance.jobs[-1].stages]
    assert last == (order[::-1] if "-reversed" in name else order)
    expected = 16 if name.endswith("-cap16") else None
    assert {device.memory_capacity for device in instance.devices} == {expected}


def test_the_uneven_profile_is_the_published_one() -> None:
    data = read_source("uneven_stages_measured")
    instance = Instance.load("uneven-p8-m32")
    (job,) = instance.jobs
    for kind in ("forward", "backward", "weight"):
        assert [getattr(stage, kind) for stage in job.stages] == data[kind]
        assert [getattr(stage.memory, kind) for stage in job.stages] == data[f"memory_{kind}"]
    assert [stage.device for stage in job.stages] == list(range(8))
    assert set(job.forward_lags) | set(job.backward_lags) == {data["transfer"]}
    assert {device.memory_capacity for device in instance.devices} == {data["memory_capacity"]}
    assert (instance.time_unit, instance.memory_unit) == ("us", "MB")
