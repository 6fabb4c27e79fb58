"""Trade-offs between makespan and slowdown as files."""

from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.reports.colours import Theme, ThemeName
from gapweave.reports.pareto_points import slack_name, subject
from gapweave.reports.pareto_table import pareto_table
from gapweave.reports.pareto_words import pareto_words
from gapweave.reports.trade_off_files import TradeOff
from gapweave.solver.pareto import ParetoFront

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_pareto(front: ParetoFront, path: str | Path, *, theme: ThemeName | None = None) -> None:
    """Write a trade-off; the suffix chooses how: see `gapweave.reports.trade_off_files.TradeOff.write`.

    Parameters
    ----------
    theme
        Of a page (None: the reader's) or of a picture (None: light).
    """
    trade_off(front).write(path, theme)


def pareto_html(front: ParetoFront) -> str:
    """Return words and table as HTML."""
    return trade_off(front).html()


def trade_off(front: ParetoFront) -> TradeOff:
    """Return what files say of makespan against slowdown."""

    def figure(theme: Theme) -> "Figure":
        from gapweave.reports.pareto_chart import pareto_figure

        return pareto_figure(front, theme)

    return TradeOff(
        name=subject(front),
        title=f"Makespan against the primary's slowdown on {subject(front)}",
        words=pareto_words(front),
        table=pareto_table(front),
        rows=front.rows,
        allowance="slack",
        names=[slack_name(row) for row in front.rows],
        figure=figure,
    )
