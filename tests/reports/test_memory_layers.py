from hypothesis import given
from random_schedules import schedules
from schedule_factory import build_schedule, make_instance, uniform_job, with_capacity, zero_idle_period

from gapweave.models.memory import memory_profiles, peak_memory
from gapweave.models.schedule import Schedule
from gapweave.reports.memory_layers import MemoryChart, steps


def level_at(profile: list[tuple[int, int]], time: int) -> int:
    return max((step for step in profile if step[0] <= time), key=lambda step: step[0])[1]


@given(schedules())
def test_the_last_layer_is_the_whole_and_each_contains_the_one_before(schedule: Schedule) -> None:
    chart = MemoryChart.of(schedule)
    assert chart is not None
    assert chart.layers[-1].profiles == memory_profiles(schedule)
    assert [layer.job for layer in chart.layers] == [None, *range(len(schedule.instance.jobs))]
    for device in range(len(schedule.instance.devices)):
        for time in range(0, schedule.makespan, max(1, schedule.makespan // 20)):
            levels = [level_at(layer.profiles[device], time) for layer in chart.layers]
            assert levels == sorted(levels)
    assert tuple(chart.peaks) == peak_memory(schedule)


def test_resident_memory_is_the_first_layer() -> None:
    memory = {"resident": 7, "forward": 2, "backward": -2}
    stages = [{"device": 0, "forward": 1, "backward": 1, "memory": memory}]
    job = {"microbatches": 2, "stages": stages}
    chart = MemoryChart.of(build_schedule(make_instance(job, job, devices=1)))
    assert chart is not None
    assert chart.layers[0].profiles == [[(0, 14)]]


def test_layers_add_up_in_steady_state_too() -> None:
    schedule = zero_idle_period(4, 4)
    chart = MemoryChart.of(schedule)
    assert chart is not None
    assert chart.end == 48
    for drawn, period in zip(chart.layers[-1].profiles, memory_profiles(schedule), strict=True):
        levels = [level_at(period, time) for time in range(24)]
        assert [level_at(drawn, time) for time in range(48)] == 2 * levels


def test_a_full_row_is_the_largest_capacity_or_level() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 8), devices=2))
    most = max(peak_memory(schedule))
    for capacity, full in ((None, most), (1, most), (most + 5, most + 5)):
        chart = MemoryChart.of(with_capacity(schedule, capacity, None))
        assert chart is not None
        assert chart.full == full


def test_no_amounts_no_chart() -> None:
    stages = [{"device": 0, "forward": 1, "backward": 2}]
    schedule = build_schedule(make_instance({"microbatches": 3, "stages": stages}, devices=1))
    assert MemoryChart.of(schedule) is None


def test_a_staircase_has_a_corner_before_and_after_each_change() -> None:
    assert steps([(0, 1), (3, 1), (5, 4)], 9) == [(0, 1), (5, 1), (5, 4), (9, 4)]
    assert steps([(0, 0)], 2) == [(0, 0), (2, 0)]
