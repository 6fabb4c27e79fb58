"""Period against memory as files."""

from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.reports.colours import Theme, ThemeName
from gapweave.reports.pareto_memory_points import capacity_name, memory_scale
from gapweave.reports.pareto_memory_table import pareto_memory_table
from gapweave.reports.pareto_memory_words import pareto_memory_words
from gapweave.reports.trade_off_files import TradeOff
from gapweave.solver.pareto_memory import MemoryFront

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_pareto_memory(front: MemoryFront, path: str | Path, *, theme: ThemeName | None = None) -> None:
    """Write a trade-off; the suffix chooses how: see `gapweave.reports.trade_off_files.TradeOff.write`."""
    memory_trade_off(front).write(path, theme)


def pareto_memory_html(front: MemoryFront) -> str:
    """Return words and table as HTML."""
    return memory_trade_off(front).html()


def memory_trade_off(front: MemoryFront) -> TradeOff:
    """Return what files say of period against memory."""

    def figure(theme: Theme) -> "Figure":
        from gapweave.reports.pareto_memory_chart import pareto_memory_figure

        return pareto_memory_figure(front, theme)

    scale = memory_scale(front)
    return TradeOff(
        name=front.instance.name,
        title=f"Least period against memory on {front.instance.name}",
        words=pareto_memory_words(front),
        table=pareto_memory_table(front),
        rows=front.rows,
        allowance="free memory",
        names=[capacity_name(row, scale) for row in front.rows],
        figure=figure,
        shades=((0, "B"), (1, "B")),
    )
