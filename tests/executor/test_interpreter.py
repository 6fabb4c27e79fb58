"""What the interpreter asks of stages, with programs written by hand."""

from collections import defaultdict
from collections.abc import Mapping

import pytest
import torch
from recording_stage import RecordingStage

from gapweave.executor.program import Program
from gapweave.executor.runtime.deadlines import Deadlines
from gapweave.executor.runtime.device_timed import DeviceTimedRank
from gapweave.executor.runtime.fault import ActionFailed
from gapweave.executor.runtime.gradient_clipping import GradientClipping
from gapweave.executor.runtime.in_process import (
    Channel,
    InProcessRanks,
    InProcessTransport,
    merged_order,
)
from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.record import Record
from gapweave.executor.runtime.virtual_devices.streams import HostStream
from gapweave.models.errors import ExecutionFailed

FIRST = """program rank=0 ranks=2 schedule=x
run F j0 t0 s0 m0
send F j0 t0 s0 m0 ->1
run F j0 t0 s0 m1
send F j0 t0 s0 m1 ->1
post B j0 t0 s1 m1 <-1 b0
take B j0 t0 s1 m1 <-1 b0
run B j0 t0 s0 m1
post B j0 t0 s1 m0 <-1 b0
take B j0 t0 s1 m0 <-1 b0
run B j0 t0 s0 m0
run O j0 t0 s0
"""
SECOND = """program rank=1 ranks=2 schedule=x
post F j0 t0 s0 m0 <-0 b0
post F j0 t0 s0 m1 <-0 b1
take F j0 t0 s0 m1 <-0 b1
take F j0 t0 s0 m0 <-0 b0
run F j0 t0 s1 m0
run F j0 t0 s1 m1
run B j0 t0 s1 m1
send B j0 t0 s1 m1 ->0
run B j0 t0 s1 m0
send B j0 t0 s1 m0 ->0
run W j0 t0 s1 m0
run W j0 t0 s1 m1
run O j0 t0 s1
"""
ALONE = """program rank=0 ranks=1 schedule=x
run F j0 t0 s0 m0
run F j0 t0 s1 m0
run B j0 t0 s1 m0
run B j0 t0 s0 m0
run O j0 t0 s0
run O j0 t0 s1
"""

NORM = """program rank=0 ranks=2 schedule=x
post N j0 t0 s1 <-1 b0
take N j0 t0 s1 <-1 b0
send S j0 t0 s1 ->1
run O j0 t0 s0
"""
FACTOR = """program rank=1 ranks=2 schedule=x
send N j0 t0 s1 ->0
post S j0 t0 s1 <-0 b0
take S j0 t0 s1 <-0 b0
run O j0 t0 s1
"""


def bound(
    *texts: str,
    stages: int = 2,
    clipping: Mapping[int, GradientClipping] | None = None,
    rows: int = 1,
    shape: tuple[int, ...] = (1,),
) -> list[Interpreter]:
    channels: defaultdict[tuple[int, int], Channel] = defaultdict(Channel)
    interpreters = []
    for program in map(Program.parse, texts):
        own = {(action.job, action.stage) for action in program.actions if action.op == "run"}
        interpreters.append(
            Interpreter(
                program,
                {key: RecordingStage(key[1], stages, shape) for key in own},
                InProcessTransport(program.rank, channels),
                Record.create(len(program.actions), rows),
                Deadlines([0] * len(program.actions), makespan=1),
                [1],
                clipping or {},
            )
        )
    return interpreters


def asked(interpreter: Interpreter, stage: int) -> list[tuple[object, ...]]:
    runner = interpreter.stages[0, stage]
    assert isinstance(runner, RecordingStage)
    return runner.asked


def test_stages_of_one_rank_hand_over_without_messages() -> None:
    (alone,) = bound(ALONE)
    alone.run(0)
    assert asked(alone, 1) == [("F", 0, 0, 1.0), ("B", 0, 0, 1.0, False), ("O", 0, None)]
    assert asked(alone, 0) == [("F", 0, 0, None), ("B", 0, 0, 2.0, False), ("O", 0, None)]


def test_messages_arrive_where_they_belong_whatever_order_they_are_taken_in() -> None:
    first, second = bound(FIRST, SECOND)
    InProcessRanks([first, second], {}).run(0)
    assert asked(second, 1)[:2] == [("F", 0, 0, 1.0), ("F", 0, 1, 11.0)]
    assert asked(first, 0)[2:4] == [("B", 0, 1, 2.0, False), ("B", 0, 0, 2.0, False)]


def test_a_stage_with_weight_tasks_splits_its_backward() -> None:
    first, second = bound(FIRST, SECOND)
    InProcessRanks([first, second], {}).run(0)
    assert [task for task in asked(second, 1) if task[0] in "BW"] == [
        ("B", 0, 1, 1.0, True),
        ("B", 0, 0, 1.0, True),
        ("W", 0, 0),
        ("W", 0, 1),
    ]


def test_repetitions_and_earlier_runs_count_into_the_training_step() -> None:
    (alone,) = bound(ALONE, rows=2)
    alone.run(0, first=7)
    alone.run(1, first=7)
    assert [task[1] for task in asked(alone, 0)] == [7, 7, 7, 8, 8, 8]


def test_the_clipping_factor_is_made_of_the_norms_of_all_stages_once_per_step() -> None:
    calls = []

    def factor_of(squared: list[torch.Tensor]) -> torch.Tensor:
        calls.append([norm.item() for norm in squared])
        return torch.tensor(0.5)

    (alone,) = bound(ALONE, clipping={0: GradientClipping(2, factor_of)})
    alone.run(0)
    assert calls == [[4.0, 4.0]]
    assert [asked(alone, stage)[-1] for stage in (0, 1)] == [("O", 0, 0.5), ("O", 0, 0.5)]


def test_norms_and_factor_travel_between_ranks() -> None:
    first = (
        ALONE.replace("ranks=1", "ranks=2")
        .replace("run F j0 t0 s1 m0\n", "")
        .replace("run B j0 t0 s1 m0\n", "")
    )
    first = first.replace("run B j0 t0 s0 m0\n", "").replace("run O j0 t0 s1\n", "")
    first = first.replace(
        "run O j0 t0 s0\n",
        "post N j0 t0 s1 <-1 b0\ntake N j0 t0 s1 <-1 b0\nsend S j0 t0 s1 ->1\nrun O j0 t0 s0\n",
    )
    second = "program rank=1 ranks=2 schedule=x\nsend N j0 t0 s1 ->0\npost S j0 t0 s1 <-0 b0\n"
    second += "take S j0 t0 s1 <-0 b0\nrun O j0 t0 s1\n"
    clipping = {0: GradientClipping(2, lambda squared: sum(squared, torch.zeros(())).rsqrt())}
    ranks = bound(NORM, FACTOR, clipping=clipping)
    InProcessRanks(ranks, {}).run(0)
    expected = pytest.approx(8.0**-0.5)
    assert asked(ranks[0], 0)[-1] == ("O", 0, expected)
    assert asked(ranks[1], 1)[-1] == ("O", 0, expected)


def test_a_failure_names_rank_step_and_action() -> None:
    def fail() -> None:
        raise ValueError("odd")

    (alone,) = bound(ALONE)
    alone.table[3] = fail
    with pytest.raises(ActionFailed, match=r"rank 0, step 1, 'run B j0 t0 s0 m0': ValueError: odd"):
        alone.run(0)


def test_a_message_of_another_shape_is_refused_before_it_is_sent() -> None:
    first, second = bound(FIRST, SECOND, shape=(2,))
    with pytest.raises(ExecutionFailed, match=r"expected tensors of \[1\] float32, got \[2\] float32"):
        InProcessRanks([first, second], {}).run(0)


def test_programs_that_wait_for_each_other_are_refused() -> None:
    waiting = [
        Program.parse("program rank=0 ranks=2 schedule=x\ntake B j0 t0 s1 m0 <-1 b0\nsend F j0 t0 s0 m0 ->1"),
        Program.parse("program rank=1 ranks=2 schedule=x\ntake F j0 t0 s0 m0 <-0 b0\nsend B j0 t0 s1 m0 ->0"),
    ]
    with pytest.raises(ExecutionFailed, match="every rank waits for another: rank 0: 'take B j0"):
        list(merged_order(waiting, {}))


def test_every_action_is_recorded_in_order() -> None:
    (alone,) = bound(ALONE, rows=2)
    for repetition in range(3):
        alone.run(repetition)
    events = list(alone.record.events(alone.program))
    assert [event.repetition for event in events] == [1] * 6 + [2] * 6
    times = [time for event in events for time in (event.begin, event.end)]
    assert times == sorted(times)
    assert alone.record.completed == 3


def test_a_rank_timed_by_its_device_does_the_same_and_records_every_action() -> None:
    (plain,), (timed,) = bound(ALONE, rows=2), bound(ALONE, rows=2)
    runner = DeviceTimedRank(timed, HostStream())
    for repetition in range(2):
        plain.run(repetition)
        runner.run(repetition)
    assert [asked(timed, stage) for stage in (0, 1)] == [asked(plain, stage) for stage in (0, 1)]
    events = list(timed.record.events(timed.program))
    assert [event.action for event in events] == list(timed.program.actions) * 2
    times = [time for event in events for time in (event.begin, event.end)]
    assert times == sorted(times)
