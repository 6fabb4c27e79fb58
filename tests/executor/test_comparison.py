import pytest
from schedule_factory import build_schedule, make_instance, uniform_job
from simulated_run import SimulatedRun

from gapweave.executor.measured.comparison import RunComparison
from gapweave.models.errors import InvalidFile, InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.reports.measured_words import comparison_sentences


def pipeline(unit: str = "us") -> Schedule:
    job = uniform_job(3, 4, forward_transfer=1, backward_transfer=1)
    instance = make_instance(job, job, devices=3).model_copy(update={"time_unit": unit})
    return build_schedule(instance, offsets=(0, 3))


def repeated(schedule: Schedule, *extra: int) -> SimulatedRun:
    """A run whose steps are as much longer than planned as ``extra`` says, in the very first task."""
    first = schedule.tasks[0].task
    return SimulatedRun(
        schedule,
        repetitions=len(extra),
        longer=lambda task, repetition: extra[repetition] if task == first else 0,
    )


def test_a_run_as_planned_has_the_ratio_one() -> None:
    run = RunComparison.of(pipeline(), repeated(pipeline(), 0, 0, 0).events())
    assert run.ratios == {1: 1.0, 2: 1.0, 3: 1.0}
    assert run.median_ratio == run.busy_ratio == 1.0
    assert run.planned_makespan == run.step_time == pipeline().makespan * 1000


def test_the_first_step_does_not_count() -> None:
    schedule = pipeline()
    run = RunComparison.of(schedule, repeated(schedule, 10**7, 0, 0).events())
    assert run.median_ratio == 1.0
    assert run.ratios[1] < 0.1


def test_a_step_of_median_length_is_shown_unless_another_is_asked_for() -> None:
    schedule = pipeline()
    events = repeated(schedule, 0, 5000, 300, 9000).events()
    assert RunComparison.of(schedule, events).shown.repetition == 1
    assert RunComparison.of(schedule, events, step=4).shown.repetition == 3
    with pytest.raises(InvalidOption, match=r"--step: expected a step that was measured \(1 to 4\), got 5"):
        RunComparison.of(schedule, events, step=5)


def test_a_job_of_which_no_task_ran_is_left_out() -> None:
    schedule = pipeline()
    events = [event for event in repeated(schedule, 0, 400).events() if event.action.job == 0]
    run = RunComparison.of(schedule, events)
    assert run.left_out == ("job1",)
    assert len(run.steps) == 2
    assert {row.job for row in run.planned.tasks} == {row.job for row in run.measured.tasks} == {0}
    assert run.planned_makespan == 1000 * schedule.job_makespans["job0"]
    assert comparison_sentences(run)[2:] == [
        "No task of job1 ran: the plan is shown without, its time kept free."
    ]


def test_plan_and_step_are_schedules_in_nanoseconds() -> None:
    schedule = pipeline()
    run = RunComparison.of(schedule, repeated(schedule, 0, 400).events())
    assert [row.task for row in run.planned.tasks] == [row.task for row in schedule.tasks]
    assert all(
        (shown.start, shown.end) == (row.start * 1000, row.end * 1000)
        for shown, row in zip(run.planned.tasks, schedule.tasks, strict=True)
    )
    assert run.measured.instance.time_unit == run.planned.instance.time_unit == "ns"
    planned = {row.task for row in schedule.tasks}
    optimizers = 3 * 2
    assert planned <= {row.task for row in run.measured.tasks}
    assert len(run.measured.tasks) == len(planned) + optimizers
    assert run.measured.makespan == run.planned.makespan + 400


@pytest.mark.parametrize("tick", [1, 77, 123_456])
def test_ticks_without_a_unit_get_the_length_that_tasks_took(tick: int) -> None:
    schedule = pipeline("tick")
    run = RunComparison.of(schedule, SimulatedRun(schedule, tick=tick, repetitions=2).events())
    assert run.length.is_estimated
    assert run.length.nanoseconds == pytest.approx(tick)
    assert run.median_ratio == pytest.approx(1)


def test_a_plan_of_other_stages_is_told_by_its_busy_time_and_can_be_scaled() -> None:
    schedule = pipeline("ms")
    events = SimulatedRun(schedule, tick=10_000, repetitions=2).events()
    run = RunComparison.of(schedule, events)
    assert run.busy_ratio == pytest.approx(0.01)
    assert not run.length.is_estimated
    scaled = RunComparison.of(schedule, events, estimate_tick=True)
    assert scaled.busy_ratio == scaled.median_ratio == pytest.approx(1)


def test_one_thread_for_all_devices_is_noticed() -> None:
    schedule = pipeline()
    events = [event for event in SimulatedRun(schedule).events() if event.action.op == "run"]
    begin, serial = 0, []
    for event in sorted(events, key=lambda event: (event.begin, event.rank)):
        serial.append(event._replace(begin=begin, end=begin + event.end - event.begin))
        begin = serial[-1].end
    assert RunComparison.of(schedule, serial).is_serial
    assert not RunComparison.of(schedule, events).is_serial


def test_a_run_without_a_complete_step_cannot_be_compared() -> None:
    schedule = pipeline()
    with pytest.raises(InvalidFile, match="expected a step in which every task ran, found none"):
        RunComparison.of(schedule, SimulatedRun(schedule).events()[:5])
