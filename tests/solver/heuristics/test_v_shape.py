"""V-Min, V-Half and ZB-V: memory and bubbles as in the paper."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import CLAIM, longest_idle, uneven_pipelines, uniform_pipeline
from planning import planned
from random_problems import law

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.task_arrays import B, F, W
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic
from gapweave.solver.heuristics.v_shape import PERIOD, Offsets, VHalf, VMin, ZbV, slots

METHODS = {method.name: method for method in (VMin, VHalf, ZbV)}
DEVICES, TIME = st.integers(1, 10), st.integers(1, 9)
#: Activation memory as the paper gives it, in microbatches of both stages of a device.
HELD = {"v-min": lambda p: (p + 4) // 3, "v-half": lambda p: (p + 2) // 2, "zb-v": lambda p: p}
#: The paper's bubbles, relative to the M steps of F + B + W of both stages.
BUBBLES = {"v-min": 2 / 3, "v-half": 1 / 2, "zb-v": 0}


@law
@pytest.mark.parametrize("name", METHODS)
@given(devices=DEVICES)
def test_no_two_tasks_of_the_pattern_meet_on_a_device(name: str, devices: int) -> None:
    pattern = slots(devices, METHODS[name].offsets)
    for device in range(devices):
        own = [pattern[kind, s] for kind in (F, B, W) for s in (device, 2 * devices - 1 - device)]
        assert len({slot % PERIOD for slot in own}) == len(own)


@law
@pytest.mark.parametrize("name", METHODS)
@given(devices=DEVICES)
def test_the_pattern_keeps_the_order_of_a_microbatch(name: str, devices: int) -> None:
    pattern, last = slots(devices, METHODS[name].offsets), 2 * devices - 1
    way = [pattern[F, s] for s in range(last + 1)] + [pattern[B, s] for s in range(last, -1, -1)]
    assert all(before < after for before, after in pairwise(way))
    assert all(pattern[B, s] < pattern[W, s] for s in range(last + 1))


def test_offsets_that_must_collide_are_refused() -> None:
    with pytest.raises(ValueError, match="apart"):
        slots(8, Offsets(1, 2, 3, 4))


@law
@given(DEVICES, st.integers(0, 20), TIME)
def test_zb_v_has_no_bubble_if_f_b_and_w_take_equally_long(devices: int, more: int, time: int) -> None:
    instance = uniform_pipeline("v", devices, 2 * devices + more, (time, time, time))
    assert longest_idle(planned(instance, heuristic("zb-v"))) == 0


@law
@pytest.mark.parametrize("name", METHODS)
@given(devices=DEVICES, more=st.integers(0, 20))
def test_bubbles_are_no_larger_than_published(name: str, devices: int, more: int) -> None:
    instance = uniform_pipeline("v", devices, 2 * devices + more, (1, 1, 1))
    assert longest_idle(planned(instance, heuristic(name))) <= BUBBLES[name] * devices * PERIOD


@law
@pytest.mark.parametrize("name", METHODS)
@given(devices=DEVICES, count=st.integers(1, 30), times=st.tuples(TIME, TIME, TIME))
def test_memory_is_no_larger_than_published(
    name: str, devices: int, count: int, times: tuple[int, int, int]
) -> None:
    schedule = planned(uniform_pipeline("v", devices, count, times), heuristic(name))
    assert max(measure(schedule).peak_memory) <= HELD[name](devices) * 2 * CLAIM


@law
@pytest.mark.parametrize("name", METHODS)
@given(instance=uneven_pipelines("v"))
def test_uneven_pipelines_are_scheduled(name: str, instance: Instance) -> None:
    assert verify(planned(instance, heuristic(name))) == []


@pytest.mark.parametrize("name", [*METHODS, "dualpipe-v"])
@pytest.mark.parametrize("layout", ["line", "interleaved"])
def test_other_layouts_are_not_for_them(layout: str, name: str) -> None:
    with pytest.raises(NotApplicable, match="as a V"):
        planned(uniform_pipeline(layout, 3, 6, (1, 1, 1)), heuristic(name))
