"""Bounds on the period: worked examples, what raises them, and that no schedule is below them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapweave import solve
from gapweave.models.bounds import reprove
from gapweave.models.bounds.arguments import PERIOD_ARGUMENTS
from gapweave.models.bounds.step_ramps import step_ramps
from gapweave.models.instance import Device, Instance, Job, Stage, StageMemory
from gapweave.models.schedule import Bound, Schedule
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.stopping import Stopping

UNIT = StageMemory(forward=1, backward=-1)


def row(
    path: list[int], capacity: int | None, microbatches: int, jobs: int = 1, transfer: int = 0
) -> Instance:
    """Equal jobs of F 1 and B 2 on every stage of a path; each microbatch in flight holds 1."""
    stages = tuple(Stage(device=device, forward=1, backward=2, memory=UNIT) for device in path)
    return Instance(
        name="row",
        devices=tuple(Device(name=str(number), memory_capacity=capacity) for number in range(max(path) + 1)),
        jobs=tuple(
            Job(
                name=str(number),
                microbatches=microbatches,
                stages=stages,
                forward_transfer=transfer,
                backward_transfer=transfer,
            )
            for number in range(jobs)
        ),
    )


def least(instance: Instance, **options: object) -> Schedule:
    return solve(instance, objective="period", workers=1, **options)  # type: ignore[arg-type]


def test_memory_for_fewer_microbatches_than_a_round_trip_needs_stretches_the_period() -> None:
    instance = row([0, 1, 2, 3], 3, microbatches=4, jobs=2)
    bound = period_bound(instance, (1,) * len(instance.jobs))
    assert (bound.value, bound.bound.argument) == (32, "memory-time")
    schedule = least(instance, time_limit=5.0)
    assert schedule.period is not None
    assert schedule.period >= 32
    claim = {"bound": bound.bound, "lower_bound": 32, "status": "feasible", "period": 40}
    assert reprove(schedule.model_copy(update=claim)).proven is True


def test_one_microbatch_at_a_time_takes_its_round_trips_in_a_row() -> None:
    instance = row([0, 1, 2], 1, microbatches=4, transfer=5)
    round_trip = 3 * 3 + 4 * 5
    schedule = least(instance, time_limit=5.0)
    assert (schedule.status, schedule.period) == ("optimal", 4 * round_trip)


def test_a_folded_job_waits_between_its_steps_on_the_device_in_the_fold() -> None:
    """Device 1 hosts stages 1 and 2, and holds two microbatches."""
    instance = row([0, 1, 1, 0], 2, microbatches=8)
    head = 3 * 1 + 2  # F on stages 1, 2 and 3, then B on stage 3: then begins the first B on stage 2
    gap = 1 + 4 * 2 + 1  # F on stage 3, the way back, F on stage 0 of the next step
    assert step_ramps(instance, 0, 1) == 8 * 6 + (head - 2 * 1) + (gap - 2 * 2)
    without_limit = row([0, 1, 1, 0], None, microbatches=1)
    assert step_ramps(without_limit, 0, 1) == 6 + (gap - 2 * 2)


def test_more_memory_never_raises_a_bound() -> None:
    instances = [row([0, 1, 2, 2, 1, 0], capacity, 6) for capacity in range(2, 14)]
    bounds = [period_bound(instance, (1,) * len(instance.jobs)).value for instance in instances]
    assert bounds == sorted(bounds, reverse=True)


@pytest.mark.parametrize(
    ("argument", "certificate"),
    [
        ("memory-time", {"device": 9}),
        ("memory-time", {}),
        ("step-ramps", {"job": 1, "device": 0}),
        ("step-ramps", {"job": 0, "device": "0"}),
    ],
)
def test_a_certificate_that_names_nothing_proves_nothing(
    argument: str, certificate: dict[str, object]
) -> None:
    schedule = least(row([0, 1], 2, 4), time_limit=5.0)
    false = schedule.model_copy(update={"bound": Bound(argument=argument, certificate=certificate)})
    verdict = reprove(false)
    assert (verdict.proven, verdict.value) == (False, None)


def test_arguments_of_a_period_prove_no_makespan() -> None:
    schedule = solve(row([0, 1], 2, 4), time_limit=5.0, workers=1)
    for argument in PERIOD_ARGUMENTS:
        certificate = {"job": 0, "stage": 0, "head": 0, "device": 0}
        false = schedule.model_copy(update={"bound": Bound(argument=argument, certificate=certificate)})
        assert reprove(false).proven is False


@st.composite
def small_instances(draw: st.DrawFn) -> Instance:
    """Up to two jobs on up to three devices, perhaps folded, with memory for one microbatch each or more."""
    devices = draw(st.integers(1, 3))
    split = draw(st.booleans())
    jobs = tuple(_job(draw, str(number), devices, split) for number in range(draw(st.integers(1, 2))))
    needed = [
        sum(stage.memory.peak for job in jobs for stage in job.stages if stage.device == device)
        for device in range(devices)
    ]
    capacities = [amount + draw(st.integers(0, 4)) for amount in needed]
    return Instance(
        name="small",
        devices=tuple(
            Device(name=str(number), memory_capacity=amount) for number, amount in enumerate(capacities)
        ),
        jobs=jobs,
    )


def _job(draw: st.DrawFn, name: str, devices: int, split: bool) -> Job:
    row = list(range(devices))
    path = draw(st.sampled_from((row, row[::-1], row + row[::-1], row + row)))
    ticks = st.integers(1, 3)

    def stage(device: int) -> Stage:
        claim = draw(ticks)
        freed = draw(st.integers(-1, claim)) if split else claim
        return Stage(
            device=device,
            forward=draw(ticks),
            backward=draw(ticks),
            weight=draw(ticks) if split else None,
            optimizer=draw(st.integers(0, 1)),
            memory=StageMemory(forward=claim, backward=-freed, weight=freed - claim),
        )

    return Job(
        name=name,
        microbatches=draw(st.integers(1, 4)),
        stages=tuple(map(stage, path)),
        forward_transfer=draw(st.integers(0, 2)),
        backward_transfer=draw(st.integers(0, 2)),
        optimizer_barrier=draw(st.booleans()),
    )


@settings(max_examples=20, deadline=None)
@given(small_instances(), st.data())
def test_no_schedule_is_below_any_bound(instance: Instance, data: st.DataObject) -> None:
    steps = tuple(data.draw(st.integers(1, 2)) for _ in instance.jobs)
    graph = CyclicGraph.build(instance, steps)
    incumbent = SteadyIncumbent(graph, Stopping(), ProvenBound(int(graph.load.max()), Bound(argument="none")))
    construct(graph, incumbent, Stopping(), 0)
    period = incumbent.period
    assert period is not None
    assert period_bound(graph.instance, graph.arrays.steps).value <= period
    for job in range(len(steps)):
        for device in {stage.device for stage in instance.jobs[job].stages}:
            assert steps[job] * step_ramps(instance, job, device) <= period
