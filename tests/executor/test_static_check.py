import re
from collections.abc import Callable, Sequence

import pytest
from random_orders import adversarial_schedule
from schedule_factory import build_schedule, edited, make_instance, uniform_job, with_capacity

from gapweave.executor.lowering.lower import lower
from gapweave.executor.program import Action, Program
from gapweave.executor.program_grid import program_grid
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.static_check import UnsafePrograms, check_programs
from gapweave.models.errors import ExecutionFailed, Rejected
from gapweave.models.schedule import Schedule

Edit = Callable[[list[Action]], None]


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    """Two jobs in opposite directions on three devices; the second one is split and clipped."""
    split = {"forward": 1, "backward": 1, "weight": 1, "memory": {"forward": 2, "backward": -1, "weight": -1}}
    stages = [{"device": device} | split for device in (2, 1, 0)]
    other = {"microbatches": 3, "optimizer_barrier": True, "stages": stages}
    return build_schedule(make_instance(uniform_job(3, 4), other, devices=3), offsets=(0, 1))


def refusal(schedule: Schedule, rank: int, edit: Edit) -> UnsafePrograms:
    """What is said when the program of one rank is edited."""
    programs = list(lower(schedule))
    actions = list(programs[rank].actions)
    edit(actions)
    programs[rank] = programs[rank]._replace(actions=tuple(actions))
    with pytest.raises(UnsafePrograms) as caught:
        check_programs(schedule, programs)
    assert caught.value.exit_code == 7
    assert "\n" not in str(caught.value)
    assert caught.value.grid == program_grid(programs, caught.value.rank, caught.value.index)
    return caught.value


def at(actions: Sequence[Action], text: str) -> int:
    """Where the only action stands whose text begins so."""
    (index,) = (number for number, action in enumerate(actions) if f"{action} ".startswith(text + " "))
    return index


def place(actions: Sequence[Action], index: int) -> str:
    return str(actions[index])


def without(text: str) -> Edit:
    return lambda actions: actions.__delitem__(at(actions, text))


def doubled(text: str) -> Edit:
    return lambda actions: actions.insert(at(actions, text) + 1, actions[at(actions, text)])


def swapped(one: str, other: str) -> Edit:
    def edit(actions: list[Action]) -> None:
        i, j = at(actions, one), at(actions, other)
        actions[i], actions[j] = actions[j], actions[i]

    return edit


def replaced(text: str, **fields: object) -> Edit:
    def edit(actions: list[Action]) -> None:
        index = at(actions, text)
        actions[index] = actions[index]._replace(**fields)  # type: ignore[arg-type]

    return edit


def moved_to_end(text: str) -> Edit:
    return lambda actions: actions.append(actions.pop(at(actions, text)))


def moved_to_front(text: str) -> Edit:
    return lambda actions: actions.insert(0, actions.pop(at(actions, text)))


@pytest.mark.parametrize(
    ("edit", "said", "where"),
    [
        (without("run F j0 t0 s1 m2"), "F of job 0, stage 1, microbatch 2 is missing", None),
        (without("run O j0 t0 s1"), "O of job 0, stage 1 is missing", None),
        (doubled("run B j0 t0 s1 m2"), "B of job 0, stage 1, microbatch 2 runs twice", "run B j0 t0 s1 m2"),
        (replaced("run B j0 t0 s1 m2", microbatch=9), "is no task of the schedule", "run B j0 t0 s1 m9"),
        (replaced("run F j0 t0 s1 m2", stage=0), "(runs twice|belongs on device 0)", "run F j0 t0 s0 m2"),
        (replaced("send F j0 t0 s1 m0", peer=0), "should travel from rank 1 to 2", "send F j0 t0 s1 m0 ->0"),
        (replaced("send F j0 t0 s1 m0", kind="N"), "is no message of the", "send N j0 t0 s1 m0 ->2"),
        (replaced("send F j0 t0 s1 m0", job=7), "is no message of the schedule", "send F j7 t0 s1 m0 ->2"),
        (doubled("send F j0 t0 s1 m0"), "occurs twice", "send F j0 t0 s1 m0 ->2"),
        (doubled("post F j0 t0 s0 m0"), "occurs twice", "post F j0 t0 s0 m0 <-0 b0"),
        (doubled("take F j0 t0 s0 m0"), "occurs twice", "take F j0 t0 s0 m0 <-0 b0"),
        (without("take F j0 t0 s0 m1"), "comes before the activation of job 0, stage 0", "run F j0 t0 s1 m1"),
        (without("take S j1 t0 s1"), "comes before the clipping factor of job 1, stage 1", "run O j1 t0 s1"),
        (moved_to_end("take F j0 t0 s0 m3"), "comes before the activation", "run F j0 t0 s1 m3"),
        (moved_to_end("run B j0 t0 s1 m3"), "comes before the gradient of job 0", "send B j0 t0 s1 m3 ->0"),
        (moved_to_front("send F j0 t0 s1 m0"), "comes before the activation", "send F j0 t0 s1 m0 ->2"),
        (moved_to_front("run O j0 t0 s1"), "comes before the gradient of job 0, stage 1", "run O j0 t0 s1"),
        (moved_to_front("run W j1 t0 s1 m1"), "comes before the gradient of job 1", "run W j1 t0 s1 m1"),
        (replaced("post F j0 t0 s0 m1", buffer=0), "still in use", "post F j0 t0 s0 m1 <-0 b0"),
        (replaced("post F j0 t0 s0 m1", buffer=None), "the buffer is missing", "post F j0 t0 s0 m1 <-0"),
        (replaced("take F j0 t0 s0 m1", buffer=7), "it was posted to b1", "take F j0 t0 s0 m1 <-0 b7"),
    ],
)
def test_a_broken_program_is_refused_at_its_place(
    schedule: Schedule, edit: Edit, said: str, where: str | None
) -> None:
    refused = refusal(schedule, 1, edit)
    actions = list(lower(schedule)[1].actions)
    edit(actions)
    assert re.search(said, str(refused)), refused
    assert refused.rank == 1
    assert refused.index == len(actions) if where is None else str(actions[refused.index]) == where


def test_swapped_receives_are_refused_with_both_messages(schedule: Schedule) -> None:
    refused = refusal(schedule, 1, swapped("post F j0 t0 s0 m0", "post F j0 t0 s0 m1"))
    assert "expects the activation of job 0, stage 0, microbatch 1 from rank 0, which sends" in str(refused)
    assert "the activation of job 0, stage 0, microbatch 0 there" in str(refused)


def test_a_receive_after_its_take_is_refused(schedule: Schedule) -> None:
    """The last message of a channel: no other receive changes its turn."""
    actions = lower(schedule)[1].actions
    last = [a for a in actions if (a.op, a.peer) == ("post", 0)][-1]
    refused = refusal(schedule, 1, moved_to_end(str(last)))
    assert "was not posted before" in str(refused)
    assert actions[refused.index + 1] == last._replace(op="take")


def test_a_message_that_is_never_received_is_refused_where_it_is_sent(schedule: Schedule) -> None:
    actions = lower(schedule)[1].actions
    last = [a for a in actions if (a.op, a.peer) == ("post", 0)][-1]
    refused = refusal(schedule, 1, without(str(last)))
    assert "rank 1 never receives" in str(refused)
    assert refused.rank == 0


def test_a_message_that_is_never_sent_is_refused_where_it_is_received(schedule: Schedule) -> None:
    actions = lower(schedule)[0].actions
    last = [a for a in actions if (a.op, a.peer) == ("send", 1)][-1]
    refused = refusal(schedule, 0, without(str(last)))
    assert "rank 0 never sends" in str(refused)
    assert refused.rank == 1


def test_ranks_that_wait_for_each_other_are_named() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 2), devices=2), "gpipe")
    first, second = lower(schedule)
    actions = list(first.actions)
    send = actions.pop(at(actions, "send F j0 t0 s0 m1"))
    actions.insert(at(actions, "run B j0 t0 s0 m0") + 1, send)
    with pytest.raises(UnsafePrograms, match="deadlock: rank 0 waits for the gradient of") as caught:
        check_programs(schedule, (first._replace(actions=tuple(actions)), second))
    assert "; rank 1 waits for the activation of job 0, stage 0, microbatch 1 of rank 0" in str(caught.value)
    assert str(actions[caught.value.index]).startswith("take B j0 t0 s1 m0")


def test_memory_beyond_the_capacity_is_refused_at_the_task_that_needs_it() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 4), devices=2), "gpipe")
    enough, tight = with_capacity(schedule, 4, 4), with_capacity(schedule, 4, 3)
    check_programs(enough, lower(enough))
    with pytest.raises(UnsafePrograms, match="the device would hold 4 of 3") as caught:
        check_programs(tight, lower(tight))
    action = lower(tight)[1].actions[caught.value.index]
    assert (caught.value.rank, str(action)) == (1, "run F j0 t0 s1 m3")


def test_programs_of_another_schedule_are_refused(schedule: Schedule) -> None:
    programs = list(lower(schedule))
    programs[2] = programs[2]._replace(schedule="other")
    with pytest.raises(UnsafePrograms, match="rank 2, action 0: is of schedule other, expected"):
        check_programs(schedule, programs)


def test_a_program_too_few_or_at_another_place_is_refused(schedule: Schedule) -> None:
    programs = lower(schedule)
    with pytest.raises(ExecutionFailed, match=r"expected 3 programs \(one per device\), got 2"):
        check_programs(schedule, programs[:2])
    with pytest.raises(UnsafePrograms, match="is the program of rank 1 of 3"):
        check_programs(schedule, (programs[1], programs[0], programs[2]))


def test_any_action_left_out_or_doubled_is_refused() -> None:
    for seed in range(12):
        schedule = adversarial_schedule(seed)
        for rank, program in enumerate(lower(schedule)):
            for index in range(0, len(program.actions), 3):
                refusal(schedule, rank, lambda actions, index=index: actions.__delitem__(index))
                refusal(schedule, rank, lambda actions, index=index: actions.insert(0, actions[index]))


def test_messages_left_out_at_both_ends_are_refused(schedule: Schedule) -> None:
    """Only that the consumer runs without them gives it away."""
    for name in ("F j0 t0 s0 m1", "B j1 t0 s2 m0", "N j1 t0 s1", "S j1 t0 s2"):
        programs = [
            program._replace(
                actions=tuple(a for a in program.actions if a.op == "run" or f" {name} " not in f"{a} ")
            )
            for program in lower(schedule)
        ]
        with pytest.raises(UnsafePrograms, match="comes before the"):
            check_programs(schedule, programs)


def test_the_grid_marks_the_place_and_shows_at_most_eight_ranks() -> None:
    schedule = build_schedule(make_instance(uniform_job(12, 20), devices=12))
    programs: Sequence[Program] = lower(schedule)
    index = at(programs[9].actions, "run F j0 t0 s9 m5")
    lines = program_grid(programs, 9, index).splitlines()
    assert len(lines) == 8
    assert max(map(len, lines)) <= 120
    (marked,) = (line for line in lines if "[" in line)
    assert marked.startswith("rank   9 ...")
    assert re.findall(r"\[(.*?)\]", marked) == ["F0.5"]


def test_the_grid_of_a_place_behind_the_end_still_shows_the_ranks(schedule: Schedule) -> None:
    programs = lower(schedule)
    assert len(program_grid(programs, 1, len(programs[1].actions)).splitlines()) == 3


def test_a_schedule_that_lacks_any_task_is_rejected_before_it_is_lowered(schedule: Schedule) -> None:
    for left_out in schedule.tasks:
        broken = edited(schedule, [row for row in schedule.tasks if row != left_out])
        with pytest.raises(Rejected, match="the schedule breaks a rule and cannot run: "):
            Plan.of(broken)
