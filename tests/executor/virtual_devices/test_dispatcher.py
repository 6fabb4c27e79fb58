from itertools import pairwise

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job
from simulated_streams import SimulatedMark
from virtual_runs import simulated

from gapweave.executor.measured.clocks import aligned
from gapweave.executor.measured.messages import messages
from gapweave.models.errors import ExecutionFailed
from gapweave.models.schedule import Schedule


def split_stages(devices: int, optimizer: int = 0) -> list[dict[str, int]]:
    return [
        {"device": device, "forward": 3, "backward": 4, "weight": 2, "optimizer": optimizer}
        for device in reversed(range(devices))
    ]


def two_jobs(devices: int = 3, optimizer: int = 5) -> Schedule:
    """An unsplit job, and a split one on the devices in reverse order."""
    first = uniform_job(devices, 4, forward=5, backward=9)
    second = {"microbatches": 3, "stages": split_stages(devices, optimizer)}
    return build_schedule(make_instance(first, second, devices=devices), offsets=(0, 2))


def measured(schedule: Schedule, dispatcher, repetition: int = 0) -> dict:
    return {
        event.action.task: event
        for interpreter in dispatcher.interpreters
        for event in interpreter.record.events(interpreter.program)
        if event.action.op == "run" and event.repetition == repetition
    }


def test_on_devices_that_keep_the_planned_durations_every_task_has_its_planned_time():
    schedule = two_jobs()
    dispatcher = simulated(schedule)
    dispatcher.run(0)
    events = measured(schedule, dispatcher)
    origin = min(event.begin for event in events.values())
    for row in schedule.tasks:
        event = events[row.task]
        assert (event.begin - origin, event.end - origin) == (row.start, row.end)


def test_a_repetition_begins_when_all_devices_have_ended_the_one_before():
    schedule = two_jobs()
    dispatcher = simulated(schedule, repetitions=2)
    dispatcher.issue(0)
    dispatcher.issue(1)
    dispatcher.finish()
    first, second = measured(schedule, dispatcher, 0), measured(schedule, dispatcher, 1)
    assert max(event.end for event in first.values()) <= min(event.begin for event in second.values())
    assert first.keys() == second.keys() >= {row.task for row in schedule.tasks}


def test_takes_are_measured_from_the_end_of_the_task_before_to_the_arrival():
    schedule = two_jobs()
    dispatcher = simulated(schedule)
    dispatcher.run(0)
    for interpreter in dispatcher.interpreters:
        timed = [
            event
            for event in interpreter.record.events(interpreter.program)
            if event.action.op in ("run", "take")
        ]
        assert any(event.action.op == "take" and event.end > event.begin for event in timed)
        for before, after in pairwise(timed):
            assert before.end == after.begin


def test_no_message_is_taken_before_it_was_sent():
    schedule = two_jobs()
    dispatcher = simulated(schedule, repetitions=2)
    dispatcher.run(0)
    dispatcher.run(1)
    events = [event for one in dispatcher.interpreters for event in one.record.events(one.program)]
    assert aligned(events) == tuple(events)
    found = list(messages(events))
    assert found
    assert all(take.end >= send.end for send, take in found)


def test_every_message_is_taken():
    dispatcher = simulated(two_jobs())
    dispatcher.run(0)
    mailboxes = {id(one._transport._mailbox): one._transport._mailbox for one in dispatcher.interpreters}
    assert [len(mailbox) for mailbox in mailboxes.values()] == [0]


def test_a_failing_task_is_named_with_its_device():
    dispatcher = simulated(two_jobs())
    interpreter = dispatcher.interpreters[1]
    index = next(i for i, action in enumerate(interpreter.program.actions) if action.kind == "B")

    def fails() -> None:
        raise RuntimeError("CUDA error: out of memory")

    interpreter.table[index] = fails
    with pytest.raises(ExecutionFailed, match=r"rank 1, step 1, '.* B .*out of memory"):
        dispatcher.run(0)


def test_a_device_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SimulatedMark, "is_reached", lambda mark: False)
    dispatcher = simulated(two_jobs())
    dispatcher._patience = 0.01
    with pytest.raises(ExecutionFailed, match="the device did not finish a step"):
        dispatcher.run(0)


def test_a_wish_to_stop_ends_a_step():
    dispatcher = simulated(two_jobs())

    def stop() -> None:
        raise KeyboardInterrupt

    dispatcher._check_stop = stop
    with pytest.raises(KeyboardInterrupt):
        dispatcher.run(0)
