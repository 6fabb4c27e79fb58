"""What the table of a trade-off shows."""

from gapweave.reports.pareto_points import slack_name
from gapweave.reports.row_table import Measure, RowTable, Words, signed
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.pareto import ParetoFront, ParetoRow


def pareto_table(front: ParetoFront) -> RowTable:
    """Write out a trade-off; times in a unit that suits their size."""
    longest = max((row.makespan or 0 for row in front.rows), default=0)
    scale = TimeScale.fitting(front.instance.time_unit, longest)

    def time(ticks: float) -> str:
        return scale.format(int(ticks))

    words: list[Words[ParetoRow]] = [
        Words("slack", slack_name),
        Words("mode", lambda row: row.mode),
        Words("status", lambda row: row.status),
    ]
    measures: list[Measure[ParetoRow]] = [
        Measure("primary ends", lambda row: row.primary_makespan, time),
        Measure("slowdown", lambda row: row.primary_delay, signed),
        Measure("makespan", lambda row: row.makespan, time),
        Measure("lower bound", lambda row: row.lower_bound, time),
        Measure("gap", lambda row: row.gap, percent),
        Measure("gain", lambda row: row.gain, signed),
        Measure("seconds", lambda row: row.seconds, lambda value: f"{value:.2f}"),
    ]
    return RowTable.of(front.rows, words, measures)
