"""Other solvers are told the same problem: on tiny instances their optimum is gapweave's."""

import importlib.util

import pytest

from benchmarks.device_memory import limited_memories
from benchmarks.methods import methods
from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Instance, Job, NotApplicable, Stage, StageMemory, solve, verify
from gapweave.instances.generator import make_instance
from gapweave.models.instance import Device
from gapweave.models.task_arrays import TaskArrays

SETTING = Setting(time_limit=20.0, workers=1)
MODULES = {"cp-sat": "ortools", "cp-sat-any-order": "ortools", "pyjobshop": "pyjobshop"}


def tiny(**options: object) -> Instance:
    plain = {"devices": 2, "microbatches": (2, 2), "reversed_order": True, "seed": 1}
    return make_instance(**plain | options)  # type: ignore[arg-type]


def with_everything() -> Instance:
    """Releases, an optimizer behind a barrier, B that claims memory on top of F's, resident memory."""
    memory = StageMemory(resident=5, forward=4, backward=3, weight=-7)
    stages = tuple(
        Stage(device=device, forward=3, backward=4, weight=2, optimizer=2, memory=memory) for device in (0, 1)
    )
    first = Job(name="a", microbatches=3, stages=stages, optimizer_barrier=True, forward_transfer=2)
    second = first.model_copy(update={"name": "b", "release": 4, "stages": stages[::-1]})
    devices = tuple(Device(name=f"gpu{number}", memory_capacity=10 + 15) for number in (0, 1))
    return Instance(name="everything", devices=devices, jobs=(first, second))


INSTANCES = {
    "unsplit": tiny(),
    "split with transfers": tiny(split=True, transfer=300),
    "with little memory": tiny(memory_microbatches=2),
    "split with little memory": tiny(split=True, memory_microbatches=2),
    "with everything": with_everything(),
}


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES.keys())
@pytest.mark.parametrize("peer", MODULES)
def test_a_peer_s_optimum_is_verified_and_gapweave_s(peer: str, instance: Instance) -> None:
    if importlib.util.find_spec(MODULES[peer]) is None:
        pytest.skip(f"{peer} is not installed")
    recorder = Recorder()
    schedule = methods()[peer].load()(instance, SETTING, recorder)
    assert schedule is not None
    assert verify(schedule) == []
    ours = solve(instance, time_limit=20.0, workers=1)
    assert (schedule.status, ours.status) == ("optimal", "optimal")
    assert schedule.makespan == ours.makespan == recorder.points[-1].makespan


def test_job_shop_lib_agrees_where_it_applies_and_says_so_where_not() -> None:
    pytest.importorskip("job_shop_lib")
    schedules = methods()["job-shop-lib"].load()
    schedule = schedules(INSTANCES["unsplit"], SETTING, Recorder())
    assert schedule is not None
    assert verify(schedule) == []
    assert schedule.makespan == solve(INSTANCES["unsplit"], time_limit=20.0, workers=1).makespan
    for name in INSTANCES.keys() - {"unsplit"}:
        with pytest.raises(NotApplicable):
            schedules(INSTANCES[name], SETTING, Recorder())


def test_every_heuristic_is_a_method_whose_schedule_the_verifier_accepts() -> None:
    heuristics = [method for method in methods().values() if not method.searches]
    assert {method.name for method in heuristics} >= {"gpipe", "1f1b", "sequential", "priority-list"}
    for method in heuristics:
        try:
            schedule = method.load()(INSTANCES["with little memory"], SETTING, Recorder())
        except NotApplicable:
            continue
        assert schedule is not None
        assert verify(schedule) == []


def test_memory_that_cannot_run_out_is_no_constraint() -> None:
    assert limited_memories(TaskArrays.build(tiny(memory_microbatches=4))) == []
    tight = limited_memories(TaskArrays.build(tiny(memory_microbatches=3)))
    assert [memory.capacity for memory in tight] == [3, 3]
