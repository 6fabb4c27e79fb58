"""``gapweave compare --pareto``: makespan against the primary's slowdown, or period against memory."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gapweave.cli.choices import Objective, Pareto
from gapweave.cli.output import write, write_json, write_table
from gapweave.models.atomic_write import require_writable
from gapweave.models.errors import InvalidOption

if TYPE_CHECKING:
    from gapweave.models.instance import Instance
    from gapweave.reports.colours import ThemeName
    from gapweave.reports.trade_off_files import TradeOff


def require_objective(pareto: Pareto, objective: Objective) -> None:
    """Raise InvalidOption if what is traded does not go with the objective."""
    needed = Objective.makespan if pareto is Pareto.slowdown else Objective.period
    if objective is not needed:
        raise InvalidOption(f"--pareto {pareto.value}: goes with --objective {needed.value}")


def compare_trade_off(
    pareto: Pareto,
    instance: "Instance",
    options: dict[str, Any],
    output: str | None,
    theme: "ThemeName | None",
    *,
    as_json: bool,
) -> None:
    """Find a trade-off, show it, and write it.

    ``options`` are those of `gapweave.pareto` or of `gapweave.pareto_memory`.
    """
    from gapweave.cli.interrupts import stop_on_signals
    from gapweave.cli.live import live_line

    _refuse_early(options, output)
    find = _slowdowns if pareto is Pareto.slowdown else _memory
    with stop_on_signals() as stop, live_line(f"trading off on {instance.name}") as show:
        found, document = find(instance, options | {"stop": stop}, show)
    _show(found, document, output, theme, as_json=as_json)


def _refuse_early(options: dict[str, Any], output: str | None) -> None:
    """Refuse what cannot be done before anything is solved."""
    from gapweave.reports.suffixes import suffix_of
    from gapweave.reports.trade_off_files import SUFFIXES

    if options["placement"] == "search":
        raise InvalidOption("--placement: with --pareto expected one placement, got 'search'")
    if output is not None:
        suffix_of(output, SUFFIXES)
        require_writable(output)


def _slowdowns(
    instance: "Instance", options: dict[str, Any], show: Callable[[str], None]
) -> "tuple[TradeOff, dict[str, Any]]":
    """Trade makespan against slowdown."""
    from gapweave.reports.pareto_page import trade_off
    from gapweave.reports.pareto_points import slack_name
    from gapweave.solver.pareto import ParetoRow, pareto

    def line(row: ParetoRow) -> None:
        show(f"slack {slack_name(row)}: {row.makespan or row.status}")

    front = pareto(instance, **options, on_row=line)
    return trade_off(front), front.to_document()


def _memory(
    instance: "Instance", options: dict[str, Any], show: Callable[[str], None]
) -> "tuple[TradeOff, dict[str, Any]]":
    """Trade period against memory."""
    from gapweave.reports.pareto_memory_page import memory_trade_off
    from gapweave.solver.pareto_memory import MemoryRow, pareto_memory

    def line(row: MemoryRow) -> None:
        free = "no limit" if row.free is None else f"{row.free} {instance.memory_unit}"
        show(f"{free}: {row.period or row.status}")

    front = pareto_memory(instance, **options, on_row=line)
    return memory_trade_off(front), front.to_document()


def _show(
    found: "TradeOff",
    document: dict[str, Any],
    output: str | None,
    theme: "ThemeName | None",
    *,
    as_json: bool,
) -> None:
    """Write the file that was asked for, and the table or JSON."""
    if output is not None:
        found.write(output, theme)
    if as_json:
        write_json(document)
        return
    table = found.table
    rows = [[cell.text for cell in cells] for cells in table.rows]
    write_table(table.columns, rows, left=table.columns[: table.text_columns], title=found.name)
    write(found.words)
    for reason in dict.fromkeys(reason for reason in table.reasons if reason is not None):
        write(f"unknown: {reason}")
    if output is not None:
        write(f"wrote {output}")
