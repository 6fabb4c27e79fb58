"""No schedule that loads makes the verifier, the memory profile or the metrics raise."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from schedule_factory import claimed, random_instance

from gapweave.models.idle import idle_intervals
from gapweave.models.metrics import measure
from gapweave.models.schedule import Primary, Schedule
from gapweave.models.task import KINDS, ScheduledTask
from gapweave.models.verify import verify

HUGE = 2**62
times = st.one_of(st.integers(-5, 30), st.integers(-HUGE, HUGE))
indices = st.one_of(st.integers(0, 3), st.integers(0, HUGE))
microbatches = st.one_of(st.none(), st.integers(-HUGE, HUGE), st.integers(0, 3))
kinds = st.sampled_from(KINDS)


@st.composite
def wild_schedules(draw: st.DrawFn) -> Schedule:
    instance = random_instance(Random(draw(st.integers(0, 2**32))))
    devices = st.integers(0, len(instance.devices) - 1)
    rows = st.builds(ScheduledTask, indices, indices, kinds, indices, microbatches, devices, times, times)
    promised = st.tuples(kinds, st.integers(0, 3), st.one_of(st.none(), st.integers(0, 3)), times)
    tasks = draw(st.one_of(st.none(), st.lists(promised, max_size=3)))
    header = {
        "makespan": draw(times),
        "period": draw(st.one_of(st.none(), st.integers(1, HUGE))),
        "primary": Primary(
            source="", makespan=draw(times), limit=draw(times), tasks=None if tasks is None else tuple(tasks)
        ),
        "mode": "joint" if tasks is None else draw(st.sampled_from(["joint", "fill"])),
        "job_makespans": draw(st.dictionaries(st.text(max_size=3), times, max_size=2)),
    }
    return claimed(
        instance,
        tuple(draw(st.integers(1, 2)) for _ in instance.jobs),
        draw(st.lists(rows, max_size=12)),
        **header,
    )


@given(wild_schedules())
def test_whatever_the_rows_say_the_answer_is_a_list_of_one_line_violations(schedule: Schedule) -> None:
    violations = verify(schedule)
    assert violations
    assert all(len(str(violation).splitlines()) == 1 for violation in violations)


@given(wild_schedules())
def test_whatever_the_rows_say_it_can_be_measured(schedule: Schedule) -> None:
    metrics = measure(schedule)
    assert len(metrics.busy) == len(metrics.peak_memory) == len(schedule.instance.devices)
    assert all(interval.length > 0 for interval in idle_intervals(schedule))
