from decimal import Decimal
from itertools import chain
from typing import Any

import pytest

from gapweave.instances.published_data import read_source
from gapweave.models.instance import Instance

ROWS: list[dict[str, Any]] = read_source("two_model_fusion")["rows"]
each_row = pytest.mark.parametrize("row", ROWS, ids=[f"{row['number']:02}" for row in ROWS])


def free(row: dict[str, Any]) -> Instance:
    return Instance.load(f"fusion-{row['number']:02}")


def capped(row: dict[str, Any]) -> Instance:
    return Instance.load(f"fusion-{row['number']:02}-cap")


@each_row
def test_model_0_is_one_pipeline_from_the_first_device_to_the_last(row: dict[str, Any]) -> None:
    instance = free(row)
    assert [stage.device for stage in instance.jobs[0].stages] == list(range(row["stages0"]))
    assert len(instance.devices) == row["stages0"]
    assert instance.jobs[0].microbatch_count == row["microbatches0"]


@each_row
def test_the_reversed_blocks_of_model_1_cover_every_device_once(row: dict[str, Any]) -> None:
    blocks = [[stage.device for stage in job.stages] for job in free(row).jobs[1:]]
    assert sorted(chain.from_iterable(blocks)) == list(range(row["stages0"]))
    for block in blocks:
        assert block == list(range(block[0], block[0] - row["stages1"], -1))


@each_row
def test_every_pipeline_of_model_1_has_all_its_microbatches(row: dict[str, Any]) -> None:
    assert {job.microbatch_count for job in free(row).jobs[1:]} == {row["microbatches1"]}


@each_row
def test_backward_takes_twice_as_long_as_forward_and_frees_what_forward_holds(row: dict[str, Any]) -> None:
    first, *others = free(row).jobs
    for job, model in ((first, 0), *((job, 1) for job in others)):
        assert not any(job.forward_lags + job.backward_lags)
        for stage in job.stages:
            assert (stage.forward, stage.backward) == (row[f"forward{model}"], 2 * row[f"forward{model}"])
            assert Decimal(stage.memory.forward) / 100 == row[f"memory{model}"]
            assert stage.memory.backward == -stage.memory.forward
            assert stage.weight is None


@each_row
def test_only_the_capacities_differ_between_free_and_capped(row: dict[str, Any]) -> None:
    assert free(row).jobs == capped(row).jobs
    assert {device.memory_capacity for device in free(row).devices} == {None}
    peaks = {Decimal(device.memory_capacity or 0) / 100 for device in capped(row).devices}
    assert peaks == {row["annealed_peak_memory"]}


@each_row
def test_the_published_bound_is_at_least_every_load_and_the_longest_path(row: dict[str, Any]) -> None:
    instance = free(row)
    loads = [0] * len(instance.devices)
    for job in instance.jobs:
        for stage in job.stages:
            loads[stage.device] += stage.work * job.microbatch_count
    passes = [sum(stage.work for stage in job.stages) for job in instance.jobs]
    assert max(*loads, *passes) <= row["lower_bound"] <= row["annealed"] <= row["greedy"]
