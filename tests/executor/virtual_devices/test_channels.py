import pytest
import torch
from race_detector import Race, RaceDetector, RecordingStream

from gapweave.executor.program import Action
from gapweave.executor.runtime.virtual_devices.channels import Mailbox, StreamTransport
from gapweave.executor.runtime.virtual_devices.streams import HostStream
from gapweave.models.errors import ExecutionFailed

SENT = Action("send", "F", 0, 0, 0, 3, peer=1)
POSTED = Action("post", "F", 0, 0, 0, 3, peer=0, buffer=0)
TAKEN = Action("take", "F", 0, 0, 0, 3, peer=0, buffer=0)


def pair(left, right) -> tuple[StreamTransport, StreamTransport]:
    mailbox = Mailbox()
    return StreamTransport(0, left, mailbox), StreamTransport(1, right, mailbox)


def pass_on(detector: RaceDetector, left: RecordingStream, right: RecordingStream) -> torch.Tensor:
    sender, taker = pair(left, right)
    with right.active():
        buffer = torch.zeros(4)
    with left.active():
        made = torch.arange(4.0) * 2
    sender.send(SENT, [made])
    taker.post(POSTED, [buffer])
    taker.take(TAKEN)
    with right.active():
        buffer.sum()
    return buffer


def test_a_message_arrives_in_its_buffer_without_a_copy():
    buffer, sent = torch.zeros(4), torch.arange(4.0)
    sender, taker = pair(HostStream(), HostStream())
    taker.post(POSTED, [buffer])
    sender.send(SENT, [sent])
    taker.take(TAKEN)
    assert torch.equal(buffer, torch.arange(4.0))
    assert buffer.data_ptr() == sent.data_ptr()


def test_what_was_read_from_a_buffer_stays_when_the_buffer_is_used_again():
    buffer = torch.zeros(4)
    sender, taker = pair(HostStream(), HostStream())
    kept = []
    for value in (1.0, 2.0):
        taker.post(POSTED, [buffer])
        sender.send(SENT, [torch.full((4,), value)])
        taker.take(TAKEN)
        kept.append(buffer.detach())
    assert [one[0].item() for one in kept] == [1.0, 2.0]


def test_a_message_is_ordered_after_its_production_and_held_until_it_is_read():
    with RaceDetector() as detector:
        left, right = detector.stream("left"), detector.stream("right")
        pass_on(detector, left, right)
        with left.active():
            torch.ones(4)  # looks for memory that was freed too early
        assert detector.waits == 1


def test_without_waiting_a_message_is_a_race():
    with RaceDetector() as detector:
        left, right = detector.stream("left"), detector.stream("right")
        right.wait = lambda mark: None
        with pytest.raises(Race, match=r"on right reads what left writes"):
            pass_on(detector, left, right)


def test_a_mark_from_before_the_production_is_a_race():
    with RaceDetector() as detector:
        left, right = detector.stream("left"), detector.stream("right")
        early = left.record()
        left.record = lambda: early
        with pytest.raises(Race, match=r"on right reads what left writes"):
            pass_on(detector, left, right)


def test_without_holding_the_memory_of_a_message_can_be_used_again_too_early():
    with RaceDetector() as detector:
        left, right = detector.stream("left"), detector.stream("right")
        right.hold = lambda tensors: None
        pass_on(detector, left, right)
        with left.active(), pytest.raises(Race, match=r"memory of left was freed while right still reads it"):
            torch.ones(4)


def test_overwriting_what_another_stream_reads_is_a_race():
    with RaceDetector() as detector:
        left, right = detector.stream("left"), detector.stream("right")
        with left.active():
            made = torch.ones(4)
        right.wait(left.record())
        with right.active():
            made.sum()
        with left.active(), pytest.raises(Race, match=r"on left overwrites what right still reads"):
            made.add_(1)


def test_the_host_may_read_only_after_it_waited_for_the_stream():
    with RaceDetector() as detector:
        stream = detector.stream("left")
        with stream.active():
            made = torch.ones(4)
        with pytest.raises(Race, match=r"on host reads what left writes"):
            made.sum().item()
        stream.synchronize()
        assert made.sum().item() == 4


def test_taking_what_was_not_sent_names_the_message():
    _, taker = pair(HostStream(), HostStream())
    taker.post(POSTED, [torch.zeros(4)])
    with pytest.raises(ExecutionFailed, match=r"before device 0 sent it: F j0 t0 s0 m3"):
        taker.take(TAKEN)
