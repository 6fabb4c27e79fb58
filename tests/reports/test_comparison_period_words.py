"""What a comparison in steady state says in words."""

from dataclasses import replace

from schedule_factory import zero_idle_period

from gapweave.reports.comparison_table import comparison_table
from gapweave.reports.comparison_words import in_words
from gapweave.solver.compare import Comparison
from gapweave.solver.period_rows import IN_TURN, PeriodRow, period_row

APART = PeriodRow(
    IN_TURN, "joint", "feasible", period=42, steps=(1, 1), gain=0.0, peak_memory=4, rate_unit="tick"
)


def made(**values: object) -> PeriodRow:
    """The row of a schedule without idle time, which gains 75 %."""
    row = replace(period_row("solver", zero_idle_period(4, 4)), gain=0.75, primary_delay=1 / 7)
    return replace(row, **values)  # type: ignore[arg-type]


def compared(*rows: PeriodRow) -> Comparison:
    return Comparison(zero_idle_period(4, 4).instance, rows, "period")


def test_it_says_what_is_gained_and_what_the_primary_pays() -> None:
    words = in_words(compared(APART, made()))
    assert words.startswith("Pairing buys 75 % more steps per time than training one job after the other")
    assert "a step of each job every 24 ticks" in words
    assert "no device ever idle" in words
    assert "no more than one after the other" in words
    assert words.endswith("The primary's steps take 14.3 % longer than alone.")


def test_what_is_left_without_delay_is_named() -> None:
    filled = made(method="solver", mode="fill", steps=(2, 1), gain=0.5, primary_delay=0.0)
    words = in_words(compared(APART, made(), filled))
    assert words.endswith("without that solver in fill mode still gains 50 %, by 2:1 steps.")


def test_no_gain_is_said_plainly() -> None:
    assert in_words(compared(made(gain=-0.1))).startswith("Pairing buys nothing here")


def test_without_any_schedule_it_says_so() -> None:
    assert in_words(compared(APART)) == "No method found a schedule."


def test_the_table_has_a_rate_for_each_job_and_steps_only_where_they_differ() -> None:
    columns = comparison_table(compared(APART, made())).columns
    assert {"period", "job0/tick", "job1/tick"} <= set(columns)
    assert "steps" not in columns
    assert "makespan" not in columns
    assert "steps" in comparison_table(compared(APART, made(steps=(2, 1)))).columns
