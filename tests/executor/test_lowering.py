from collections import Counter

import pytest
from adversary import Adversary, Deadlock
from random_orders import adversarial_schedule
from schedule_factory import build_schedule, make_instance, row_of, uniform_job

from gapweave.executor.lowering.lower import lower, schedule_digest
from gapweave.executor.program import Action, InvalidProgram, Program
from gapweave.executor.static_check import UnsafePrograms, check_programs

CASES = range(300)
#: Every policy that is known to fail is tried on some of them.
SOME_CASES = range(0, 300, 3)


def posted_just_in_time(program: Program) -> Program:
    """The program with every receive posted right before its take: in the consumer's order."""
    posts = {action.task: action for action in program.actions if action.op == "post"}
    actions: list[Action] = []
    for action in program.actions:
        if action.op == "take":
            actions.append(posts[action.task])
        if action.op != "post":
            actions.append(action)
    return program._replace(actions=tuple(actions))


@pytest.mark.parametrize("window", [0, 1, 2, 5])
def test_whatever_the_network_does_every_message_is_read_by_whom_it_is_for(window: int) -> None:
    for seed in CASES:
        schedule = adversarial_schedule(seed)
        play = Adversary(schedule.instance.jobs, lower(schedule, window=window), seed)
        play.play()
        assert not play.wrong, f"case {seed}: {play.wrong[0]}"


def test_receives_in_the_consumers_order_mix_up_messages_and_are_refused() -> None:
    mixed_up = refused = 0
    for seed in SOME_CASES:
        schedule = adversarial_schedule(seed)
        programs = tuple(map(posted_just_in_time, lower(schedule)))
        play = Adversary(schedule.instance.jobs, programs, seed)
        play.play(1)
        if play.wrong:
            mixed_up += 1
            with pytest.raises(UnsafePrograms):
                check_programs(schedule, programs)
            refused += 1
    assert mixed_up == refused > len(SOME_CASES) // 2


def test_one_channel_for_both_directions_deadlocks() -> None:
    deadlocks = 0
    for seed in SOME_CASES:
        schedule = adversarial_schedule(seed)
        programs = tuple(map(posted_just_in_time, lower(schedule)))
        try:
            Adversary(schedule.instance.jobs, programs, seed, one_queue=True).play(1)
        except Deadlock:
            deadlocks += 1
    assert deadlocks > len(SOME_CASES) // 2


def test_programs_pass_the_check_also_when_read_back_from_text() -> None:
    for seed in CASES:
        schedule = adversarial_schedule(seed)
        programs = lower(schedule)
        check_programs(schedule, programs)
        read_back = tuple(Program.parse(str(program)) for program in programs)
        assert read_back == programs
        check_programs(schedule, read_back)


def test_each_device_keeps_the_planned_order() -> None:
    for seed in CASES:
        schedule = adversarial_schedule(seed)
        planned = {row.task: row.start for row in schedule.tasks}
        for program in lower(schedule):
            starts = [planned[a.task] for a in program.actions if a.op == "run" and a.task in planned]
            assert starts == sorted(starts)
            assert len(starts) == sum(row.device == program.rank for row in schedule.tasks)


def test_the_optimizer_runs_once_for_every_stage_and_step() -> None:
    for seed in CASES:
        schedule = adversarial_schedule(seed)
        ran = Counter(
            (a.job, a.step, a.stage)
            for program in lower(schedule)
            for a in program.actions
            if (a.op, a.kind) == ("run", "O")
        )
        jobs = enumerate(schedule.instance.jobs)
        assert ran == Counter(
            (number, step, stage)
            for number, job in jobs
            for step in range(schedule.steps[number])
            for stage in range(len(job.stages))
        )


@pytest.mark.parametrize("window", [0, 1, 3])
def test_receives_are_posted_a_window_ahead_of_the_takes(window: int) -> None:
    for seed in SOME_CASES:
        programs = lower(adversarial_schedule(seed), window=window)
        for program in programs:
            sent = {
                peer.rank: [a.task for a in peer.actions if (a.op, a.peer) == ("send", program.rank)]
                for peer in programs
            }
            posted = dict.fromkeys(sent, 0)
            for action in program.actions:
                if action.op == "post":
                    assert sent[action.peer or 0][posted[action.peer or 0]] == action.task
                    posted[action.peer or 0] += 1
                elif action.op == "take":
                    channel = sent[action.peer or 0]
                    ahead = channel.index(action.task) + 1 + window
                    assert posted[action.peer or 0] >= min(ahead, len(channel))


def test_buffers_are_as_few_as_messages_at_once() -> None:
    job = uniform_job(4, 8)
    programs = lower(build_schedule(make_instance(job, devices=4)), window=2)
    for program in programs[1:]:
        buffers = {a.buffer for a in program.actions if (a.op, a.kind) == ("post", "F")}
        in_flight, window = 4 - program.rank, 2
        assert len(buffers) == min(8, in_flight + window)


def test_neighbouring_stages_on_one_device_exchange_nothing() -> None:
    stages = [{"device": device, "forward": 1, "backward": 2} for device in (0, 1, 1, 0)]
    schedule = build_schedule(make_instance({"microbatches": 3, "stages": stages}, devices=2))
    sent = {(a.kind, a.stage) for program in lower(schedule) for a in program.actions if a.op == "send"}
    assert sent == {("F", 0), ("F", 2), ("B", 3), ("B", 1)}


def test_norms_and_clipping_factors_travel_only_with_a_barrier() -> None:
    plain, clipped = uniform_job(3, 2), uniform_job(3, 2, optimizer_barrier=True)
    programs = lower(build_schedule(make_instance(plain, clipped, devices=3)))
    sent = {(a.job, a.kind, a.stage, a.peer) for p in programs for a in p.actions if a.op == "send"}
    assert {message for message in sent if message[1] in "NS"} == {
        (1, "N", 1, 0),
        (1, "N", 2, 0),
        (1, "S", 1, 1),
        (1, "S", 2, 2),
    }


def test_a_gradient_is_sent_before_the_weight_task_runs() -> None:
    stages = [{"device": device, "forward": 1, "backward": 1, "weight": 1} for device in range(2)]
    programs = lower(build_schedule(make_instance({"microbatches": 1, "stages": stages}, devices=2)))
    last = [f"{action.op} {action.kind}" for action in programs[1].actions]
    assert last.index("run B") + 1 == last.index("send B") < last.index("run W")


def test_the_digest_tells_schedules_apart() -> None:
    one, other = (build_schedule(make_instance(uniform_job(2, m), devices=2)) for m in (2, 3))
    task = one.tasks[-1].task
    moved = one.model_copy(update={"tasks": (*one.tasks[:-1], row_of(one, task)._replace(start=99, end=101))})
    assert len({schedule_digest(one), schedule_digest(other), schedule_digest(moved)}) == 3
    assert schedule_digest(one) == schedule_digest(one.model_copy())


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ("program rank=0", 1), ("program rank=0 ranks=1 schedule=a\nrun X j0 t0 s0 m0", 2)],
)
def test_a_text_that_is_no_program_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(InvalidProgram, match=f"^line {line}: "):
        Program.parse(text)
