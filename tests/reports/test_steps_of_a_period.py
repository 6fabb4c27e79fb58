"""Charts of schedules with a period: what they show of steady state."""

from itertools import pairwise

from hypothesis import assume, given
from random_schedules import periodic_schedules
from schedule_factory import build_schedule, make_instance, uniform_job, zero_idle_period

from gapweave.models.schedule import Schedule
from gapweave.models.steady_window import images
from gapweave.reports.captions import markers, subtitle
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.step_spans import step_spans
from gapweave.reports.text_gantt import Running, letter, text_gantt
from gapweave.reports.time_scale import TimeScale

MINUS = "\N{MINUS SIGN}"
TORN_LEFT = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
TORN_RIGHT = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


def period_of(schedule: Schedule) -> int:
    assert schedule.period is not None
    return schedule.period


@given(schedule=periodic_schedules())
def test_the_window_holds_two_periods_of_work(schedule: Schedule) -> None:
    work = sum(row.end - row.start for row in schedule.tasks)
    cut = ChartWindow.of(schedule).cut
    assert sum(row.end - row.start for row in cut) == 2 * work
    assert all(0 <= row.start < row.end <= 2 * period_of(schedule) for row in cut)


@given(schedule=periodic_schedules())
def test_the_second_period_repeats_the_first(schedule: Schedule) -> None:
    period = period_of(schedule)

    def busy(begin: int) -> set[tuple[int, int, int]]:
        rows = images(schedule, begin, begin + period)
        return {
            (row.device, max(row.start, begin) - begin, min(row.end, begin + period) - begin) for row in rows
        }

    assert busy(0) == busy(period)


@given(schedule=periodic_schedules())
def test_edges_are_torn_where_a_task_reaches_beyond_the_window(schedule: Schedule) -> None:
    window = ChartWindow.of(schedule)
    end = 2 * period_of(schedule)
    assert window.torn_left == {row.device for row in images(schedule, -1, 1) if row.start < 0 < row.end}
    later = images(schedule, end - 1, end + 1)
    assert window.torn_right == {row.device for row in later if row.start < end < row.end}


def test_a_task_that_wraps_is_torn_on_both_sides_and_whole_in_the_middle() -> None:
    window = ChartWindow.of(zero_idle_period(4, 4))
    assert window.torn_left == window.torn_right
    for device in window.torn_left:
        begins, ends = window.by_device[device][0], window.by_device[device][-1]
        middle = [row for row in window.by_device[device] if row.start < 24 < row.end]
        assert len(middle) == 1
        lengths = [row.end - row.start for row in (begins, ends, *middle)]
        assert lengths[0] + lengths[1] == lengths[2]


def test_a_finite_schedule_is_shown_as_it_is() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 3), devices=2))
    window = ChartWindow.of(schedule)
    assert (window.cut, window.is_torn) == (schedule.tasks, False)
    assert step_spans(schedule) == []


@given(schedule=periodic_schedules())
def test_every_task_is_within_the_span_of_its_step(schedule: Schedule) -> None:
    spans = {(span.job, span.step): span for own in step_spans(schedule) for span in own}
    for row in ChartWindow.of(schedule).cut:
        span = spans[row.job, row.step]
        assert span.start <= row.start < row.end <= span.end


def test_steps_are_counted_from_the_first_period() -> None:
    names = [[span.name for span in own] for own in step_spans(zero_idle_period(4, 4))]
    assert names == [["step n", "step n+1"], [f"step n{MINUS}1", "step n", "step n+1"]]


def test_steps_of_a_finite_schedule_have_numbers() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 3), devices=2), steps=(3,))
    (spans,) = step_spans(schedule)
    assert [span.name for span in spans] == ["step 0", "step 1", "step 2"]
    assert all(before.start < after.start for before, after in pairwise(spans))


@given(schedule=periodic_schedules())
def test_with_a_column_per_tick_the_text_shows_every_task_at_its_place(schedule: Schedule) -> None:
    end = 2 * period_of(schedule)
    window = ChartWindow.of(schedule)
    label = max(4, len(TimeScale.fitting(schedule.instance.time_unit, end).unit))
    width = label + 3 + end + window.is_torn
    assume(width >= max(20, 4 * label))
    lines = text_gantt(schedule, width).splitlines()
    first = 1 + len(schedule.instance.jobs)
    for device, line in enumerate(lines[first : first + len(schedule.instance.devices)]):
        expected = ["."] * end
        for row in window.by_device[device]:
            mark = letter(Running(row.job, row.kind, is_marked=row.step % 2 == 1))
            expected[row.start : row.end] = mark * (row.end - row.start)
        expected.insert(end // 2, "│")
        assert line[label + 2 : label + 3 + end] == "".join(expected)
        assert line[label + 1] == (TORN_LEFT if device in window.torn_left else "│")
        assert line[label + 3 + end :].strip() == (TORN_RIGHT if device in window.torn_right else "")


def test_the_caption_has_period_bound_gap_and_bubble_rate() -> None:
    schedule = zero_idle_period(4, 4, period=25)
    bounded = Schedule.from_document(
        {**_document(schedule), "lower_bound": 24, "bound": {"argument": "device-load", "certificate": {}}}
    )
    words = subtitle(bounded)
    for part in ("period T 25 ticks", "lower bound 24 ticks", "gap 4.17 %", "bubble rate 4 %"):
        assert part in words
    assert [(marker.time, marker.is_bound) for marker in markers(bounded, TimeScale("ticks", 1))] == [
        (24, True),
        (25, False),
        (50, False),
    ]


def _document(schedule: Schedule) -> dict[str, object]:
    import json

    return dict(json.loads(schedule.to_text()))
