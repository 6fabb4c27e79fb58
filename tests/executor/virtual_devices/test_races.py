import pytest
from race_detector import Race, RaceDetector, RecordingStream
from schedule_factory import build_schedule, make_instance, uniform_job
from virtual_runs import training

from gapweave.models.schedule import Schedule

PLACEMENTS = {
    "same": [0, 1, 2],
    "reversed": [2, 1, 0],
    "v": [0, 1, 2, 2, 1, 0],
    "interleaved": [0, 1, 2, 0, 1, 2],
}


def pair(places: list[int], split: bool, clipped: bool) -> Schedule:
    stages = [
        {"device": place, "forward": 3, "backward": 4, "optimizer": 2} | ({"weight": 2} if split else {})
        for place in places
    ]
    second = {"microbatches": 2, "stages": stages, "optimizer_barrier": clipped}
    instance = make_instance(uniform_job(3, 3, optimizer_barrier=clipped), second, devices=3)
    return build_schedule(instance, offsets=(0, 2))


def trained(schedule: Schedule, detector: RaceDetector, steps: int = 2) -> None:
    streams = [detector.stream(f"device {rank}") for rank in range(len(schedule.instance.devices))]
    dispatcher = training(schedule, streams, steps)
    for repetition in range(steps):
        dispatcher.issue(repetition)
    dispatcher.finish()


@pytest.mark.parametrize(("split", "clipped"), [(False, False), (True, True)])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_whole_steps_of_two_jobs_rely_on_no_order_that_no_mark_gives(placement, split, clipped):
    with RaceDetector() as detector:
        trained(pair(PLACEMENTS[placement], split, clipped), detector)
    assert detector.operations > 300
    assert detector.waits > 20


def test_steps_without_waits_are_races(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(RecordingStream, "wait", lambda stream, mark: None)
    with RaceDetector() as detector, pytest.raises(Exception, match="device") as found:
        trained(pair(PLACEMENTS["reversed"], split=False, clipped=False), detector)
    assert isinstance(found.value.__cause__ or found.value, Race)
