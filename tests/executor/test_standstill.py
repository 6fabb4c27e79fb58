"""When a run counts as standing still: never while a rank does what may take long."""

from dataclasses import replace

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.executor.runtime.deadlines import MEETING, MULTIPLE, SAVING
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import ACTION_WORD, Record
from gapweave.executor.runtime.standstill import Standstill, standing

DEADLINE = 4.0
PLAN = Plan.of(build_schedule(make_instance(uniform_job(2, 2), devices=2)))
LAST = len(PLAN.programs[0].actions)
TASK = next(index for index, action in enumerate(PLAN.programs[0].actions) if action.op == "run")


class Watched:
    """A rank's record and a clock."""

    def __init__(self, plan: Plan = PLAN, backend: str = "gloo") -> None:
        self.records = {0: Record.create(LAST, 2)}
        self.standstill = Standstill(plan, RunOptions(deadline=DEADLINE, backend=backend))  # type: ignore[arg-type]
        self.now = 0.0

    def at(self, repetition: int, action: int) -> None:
        record = self.records[0]
        if repetition > 0:
            record.complete(repetition - 1)
        record.begin(repetition, 0)
        record.words[ACTION_WORD] = action

    def silent_for(self, seconds: float) -> float | None:
        """What is said when nothing has happened for so long; looks twice a second."""
        said = self.standstill.look(self.records, self.now)
        for _ in range(round(2 * seconds)):
            self.now += 0.5
            said = self.standstill.look(self.records, self.now)
        return said


def test_nobody_is_hurried_before_the_first_step() -> None:
    assert Watched().silent_for(20 * MEETING) is None


def test_the_first_step_has_time_to_compile_models() -> None:
    watched = Watched()
    watched.at(0, TASK)
    assert watched.silent_for(MEETING) is None
    assert watched.silent_for(DEADLINE) is not None


def test_later_steps_have_the_deadline() -> None:
    watched = Watched()
    watched.at(1, 0)
    assert watched.silent_for(DEADLINE) is None
    assert watched.silent_for(1) == DEADLINE + 1


def test_whatever_advances_begins_anew() -> None:
    watched = Watched()
    for repetition in range(1, 5):
        watched.at(repetition, 0)
        assert watched.silent_for(DEADLINE) is None


def test_a_task_may_take_ten_times_the_longest_that_was_seen() -> None:
    watched = Watched()
    watched.at(0, TASK)
    assert watched.silent_for(30) is None
    watched.at(1, 0)
    assert watched.silent_for(DEADLINE + MULTIPLE * 30) is None
    assert watched.silent_for(2) is not None


def test_a_task_may_take_ten_times_the_longest_of_the_plan() -> None:
    instance = PLAN.schedule.instance.model_copy(update={"time_unit": "s"})
    watched = Watched(replace(PLAN, schedule=PLAN.schedule.model_copy(update={"instance": instance})))
    watched.at(1, TASK)
    longest = max(row.end - row.start for row in PLAN.schedule.tasks)
    assert watched.silent_for(DEADLINE + MULTIPLE * longest) is None


def test_a_slow_step_stretches_the_plan() -> None:
    watched = Watched()
    watched.standstill.learn(10.0 * PLAN.schedule.makespan)
    watched.at(1, TASK)
    longest = max(row.end - row.start for row in PLAN.schedule.tasks)
    assert watched.silent_for(DEADLINE + MULTIPLE * 10 * longest) is None


def test_a_checkpoint_may_take_five_deadlines() -> None:
    watched = Watched()
    watched.at(1, LAST)
    watched.records[0].complete(1)
    assert watched.silent_for((1 + SAVING) * DEADLINE) is None
    assert watched.silent_for(1) is not None


def test_ranks_that_are_done_count_no_more() -> None:
    watched = Watched()
    watched.at(1, 0)
    watched.records[1] = Record.create(LAST, 2)  # before its first step
    assert watched.silent_for(20 * DEADLINE) is None
    del watched.records[1]
    assert watched.silent_for(1) is not None


def test_who_looks_again_after_a_long_time_has_not_seen_the_ranks_stand_still() -> None:
    watched = Watched()
    watched.at(1, 0)
    watched.silent_for(1)
    watched.now += 1000 * DEADLINE
    assert watched.silent_for(1) is None


def test_with_nccl_the_host_may_wait_for_a_whole_step() -> None:
    watched = Watched(backend="nccl")
    watched.at(0, LAST - 1)
    assert watched.silent_for(2 * MEETING) is None
    watched.standstill.learn(1.0)
    watched.at(1, LAST - 1)
    assert watched.silent_for(DEADLINE + MULTIPLE * 1.0) is None


@pytest.mark.parametrize("blamed", [0, 1])
def test_a_rank_that_works_is_blamed_before_one_that_waits(blamed: int) -> None:
    waiting = next(i for i, a in enumerate(PLAN.programs[1 - blamed].actions) if a.op == "take")
    working = next(i for i, a in enumerate(PLAN.programs[blamed].actions) if a.op == "run")
    records = {rank: Record.create(len(PLAN.programs[rank].actions), 2) for rank in (0, 1)}
    for rank, action in ((blamed, working), (1 - blamed, waiting)):
        records[rank].begin(0, 0)
        records[rank].words[ACTION_WORD] = action
    assert standing(PLAN, records) == blamed
