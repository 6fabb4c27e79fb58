import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_schedules import schedules
from rich.cells import cell_len
from rich.text import Text
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.models.schedule import Schedule
from gapweave.reports.text_gantt import Running, letter, text_gantt


def device_lines(chart: str) -> list[str]:
    return [line for line in chart.splitlines() if "│" in line]


def with_device_names(schedule: Schedule, names: list[str]) -> Schedule:
    devices = tuple(
        device.model_copy(update={"name": name})
        for device, name in zip(schedule.instance.devices, names, strict=True)
    )
    instance = schedule.instance.model_copy(update={"devices": devices})
    return schedule.model_copy(update={"instance": instance})


@given(schedule=schedules(), width=st.integers(20, 200), names=st.lists(st.text(), min_size=5, max_size=5))
def test_no_line_is_wider_than_the_terminal_whatever_the_names(
    schedule: Schedule, width: int, names: list[str]
) -> None:
    named = with_device_names(schedule, names[: len(schedule.instance.devices)])
    assert all(cell_len(line) <= width for line in text_gantt(named, width).split("\n"))


@given(schedule=schedules(), width=st.integers(20, 200))
def test_every_device_has_its_line_in_order(schedule: Schedule, width: int) -> None:
    lines = device_lines(text_gantt(schedule, width))
    assert [line.split()[0] for line in lines] == [device.name for device in schedule.instance.devices]
    assert {cell_len(line) for line in lines} == {width}


@given(schedule=schedules())
def test_with_a_column_per_tick_the_chart_shows_every_task_exactly(schedule: Schedule) -> None:
    label = len("gpu0") if schedule.instance.time_unit != "tick" else len("ticks")
    width = label + 2 + schedule.makespan
    assume(width >= 20)
    expected = [["."] * schedule.makespan for _ in schedule.instance.devices]
    for row in schedule.tasks:
        expected[row.device][row.start : row.end] = letter(Running(row.job, row.kind)) * (row.end - row.start)
    shown = [line.partition("│")[2] for line in device_lines(text_gantt(schedule, width))]
    assert shown == ["".join(line) for line in expected]


@given(schedule=schedules(), width=st.integers(20, 60))
def test_a_column_shows_something_that_runs_in_it_and_idle_only_if_mostly_idle(
    schedule: Schedule, width: int
) -> None:
    for line, rows in zip(device_lines(text_gantt(schedule, width)), schedule.tasks_by_device, strict=True):
        cells = line.partition("│")[2]
        for column, cell in enumerate(cells):
            low, high = (edge * schedule.makespan / len(cells) for edge in (column, column + 1))
            overlaps = [(min(r.end, high) - max(r.start, low), r) for r in rows]
            running = [(overlap, row) for overlap, row in overlaps if overlap > 0]
            if cell == ".":
                assert sum(overlap for overlap, _ in running) <= (high - low) / 2 + 1e-6
            else:
                assert cell in {letter(Running(row.job, row.kind)) for _, row in running}


@given(schedule=schedules(), width=st.integers(20, 120))
def test_colour_changes_no_character(schedule: Schedule, width: int) -> None:
    assert Text.from_ansi(text_gantt(schedule, width, colour=True)).plain == text_gantt(schedule, width)


def test_colour_is_left_out_where_the_user_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 4), devices=2))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[3" in text_gantt(schedule, 80, colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in text_gantt(schedule, 80, colour=True)


def test_jobs_and_kinds_differ_by_letter_alone() -> None:
    assert "".join(letter(Running(0, kind)) for kind in "FBWO") == "FBWO"
    assert "".join(letter(Running(1, kind)) for kind in "FBWO") == "fbwo"
    letters = [letter(Running(job, kind)) for job in range(14) for kind in "FBWO"]
    assert len({*letters, letter(None)}) == 14 * 4 + 1
    assert letter(Running(63, "F"))


def test_times_stand_at_their_marks() -> None:
    schedule = build_schedule(make_instance(uniform_job(4, 8), uniform_job(4, 8), devices=4))
    lines = text_gantt(schedule, 80).splitlines()
    ruler = next(index for index, line in enumerate(lines) if "└" in line)
    marks = [column for column, mark in enumerate(lines[ruler]) if mark == "┬"]
    columns = len(lines[ruler]) - marks[0]
    times = {column: int(lines[ruler + 1][column:].split()[0]) for column in marks}
    assert len(times) >= 3
    for column, time in times.items():
        assert column - marks[0] == time * columns // schedule.makespan


def test_sixty_four_devices_and_jobs_fit() -> None:
    instance = make_instance(*(uniform_job(64, 1) for _ in range(64)), devices=64)
    chart = text_gantt(build_schedule(instance), 40)
    assert len(device_lines(chart)) == 64
    assert all(cell_len(line) <= 40 for line in chart.splitlines())
    assert all(f"job{index}" in chart for index in range(64))
