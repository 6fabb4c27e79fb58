"""From samples to an instance: medians, ticks, transfers and the models that were measured."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_measurements import TINY, jobs_of_costs

from gapweave import Instance
from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.profile.instance_of import MeasuredJob, instance_of
from gapweave.executor.ready_made.source import source_of, specs_from_source
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.models.instance import Device, StageMemory

NANOSECONDS = {"ns": 1, "us": 1000}


def costs_of(*samples: int) -> StageCosts:
    return StageCosts({kind: samples for kind in ("F", "B", "O")}, StageMemory(), 64, 32)  # type: ignore[misc]


def instance_from(costs: list[list[StageCosts]], transfers: dict[int, int] | None = None) -> Instance:
    """The instance of jobs on as many devices as they have stages."""
    stages = len(costs[0])
    return instance_of(
        "made-up",
        source_of([TINY] * len(costs)),
        [MeasuredJob(own, range(stages), 2) for own in costs],
        transfers or {},
        [Device(name=f"cpu{number}") for number in range(stages)],
        "of nothing",
    )


@given(st.lists(st.integers(1, 10**12), min_size=1))
def test_a_task_takes_the_median_of_its_samples(samples: list[int]) -> None:
    assert abs(costs_of(*samples).typical("F") - median(samples)) <= 0.5


def test_one_slow_sample_among_many_changes_neither_median_nor_spread() -> None:
    assert costs_of(*[100] * 9, 10**9).typical("F") == 100
    assert costs_of(*[100] * 9, 10**9).spread("F") == 0


@given(st.lists(st.integers(1, 10**9), min_size=2), st.integers(2, 1000))
def test_spread_is_a_share_that_no_unit_of_time_changes(samples: list[int], factor: int) -> None:
    spread = costs_of(*samples).spread("B")
    assert spread >= 0
    assert costs_of(*(factor * sample for sample in samples)).spread("B") == pytest.approx(spread)


def test_one_sample_has_no_spread() -> None:
    assert costs_of(7).spread("F") == 0


@given(jobs_of_costs())
def test_ticks_are_within_a_thousandth_of_the_measured_median(costs: list[list[StageCosts]]) -> None:
    instance = instance_from(costs)
    tick = NANOSECONDS[instance.time_unit]
    for job, own in zip(instance.jobs, costs, strict=True):
        for stage, measured in zip(job.stages, own, strict=True):
            ticks = {"F": stage.forward, "B": stage.backward, "W": stage.weight, "O": stage.optimizer}
            for kind in measured.nanoseconds:
                typical = measured.typical(kind)
                assert abs((ticks[kind] or 0) * tick - typical) <= 1e-3 * typical


def test_a_tick_is_a_microsecond_where_that_is_fine_enough() -> None:
    assert instance_from([[costs_of(500_000)]]).time_unit == "us"
    assert instance_from([[costs_of(499_999)]]).time_unit == "ns"


@given(jobs_of_costs())
def test_what_is_written_is_read_back_with_the_models_that_were_measured(
    costs: list[list[StageCosts]],
) -> None:
    instance = instance_from(costs)
    assert Instance.from_document(instance.to_document()) == instance
    assert specs_from_source(instance) == [TINY] * len(costs)


@given(jobs_of_costs(), st.integers(0, 10**7))
def test_every_pair_of_neighbours_has_a_transfer_each_way(
    costs: list[list[StageCosts]], nanoseconds: int
) -> None:
    sizes = {size for own in costs for stage in own for size in (stage.sent_forward, stage.sent_backward)}
    instance = instance_from(costs, dict.fromkeys(sizes, nanoseconds))
    expected = round(nanoseconds / NANOSECONDS[instance.time_unit])
    for job in instance.jobs:
        assert job.forward_transfer == job.backward_transfer == (expected,) * (len(job.stages) - 1)


def test_a_message_takes_the_time_of_its_own_size() -> None:
    job = instance_from([[costs_of(10**6)] * 2], {64: 7000, 32: 3000}).jobs[0]
    assert (job.forward_transfer, job.backward_transfer) == ((7,), (3,))


def test_an_instance_that_was_not_measured_names_no_models() -> None:
    instance = instance_from([[costs_of(1000)]])
    for source in (
        "",
        "arXiv:2409.13221",
        "gapweave profile",
        "gapweave profile [1]",
        'gapweave profile ["x"]',
    ):
        assert specs_from_source(instance.model_copy(update={"source": source})) is None


def test_the_description_says_how_much_the_samples_spread() -> None:
    steady, unsteady = costs_of(100, 100, 100), costs_of(50, 100, 150)
    description = instance_from([[steady, unsteady]]).description
    assert "of nothing" in description
    assert "100.0% at worst" in description


def test_of_one_sample_no_spread_is_claimed() -> None:
    description = instance_from([[costs_of(100)]]).description
    assert "spread unknown" in description
    assert "%" not in description


def test_models_of_several_jobs_keep_their_order() -> None:
    specs = [TINY, ModelSpec("gpt2", width=64)]
    jobs = [MeasuredJob([costs_of(1000)], [0], 1), MeasuredJob([costs_of(2000)], [0], 2)]
    instance = instance_of("two", source_of(specs), jobs, {}, [Device(name="cpu0")], "")
    assert specs_from_source(instance) == specs
    assert [job.microbatches for job in instance.jobs] == [1, 2]
