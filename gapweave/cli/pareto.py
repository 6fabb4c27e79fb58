"""``gapweave compare --pareto``: the makespan of all jobs against the primary's slowdown."""

from typing import TYPE_CHECKING, Any

from gapweave.cli.output import write, write_json, write_table
from gapweave.models.atomic_write import require_writable
from gapweave.models.errors import InvalidOption

if TYPE_CHECKING:
    from gapweave.models.instance import Instance
    from gapweave.reports.colours import ThemeName
    from gapweave.solver.pareto import ParetoFront, ParetoRow


def compare_slowdowns(
    instance: "Instance",
    options: dict[str, Any],
    output: str | None,
    theme: "ThemeName | None",
    *,
    as_json: bool,
) -> None:
    """Find the trade-off, show it, and write it; ``options`` are those of `gapweave.pareto`."""
    from gapweave.reports.pareto_page import SUFFIXES, write_pareto
    from gapweave.reports.suffixes import suffix_of

    if options["placement"] == "search":
        raise InvalidOption("--placement: with --pareto expected one placement, got 'search'")
    if output is not None:
        suffix_of(output, SUFFIXES)
        require_writable(output)
    front = _found(instance, options)
    if output is not None:
        write_pareto(front, output, theme=theme)
    if as_json:
        write_json(front.to_document())
        return
    _write_front(front)
    if output is not None:
        write(f"wrote {output}")


def _found(instance: "Instance", options: dict[str, Any]) -> "ParetoFront":
    from gapweave.cli.interrupts import stop_on_signals
    from gapweave.cli.live import live_line
    from gapweave.reports.pareto_points import slack_name
    from gapweave.solver.pareto import pareto

    def line(row: "ParetoRow") -> str:
        return f"slack {slack_name(row)}: {row.makespan or row.status}"

    with stop_on_signals() as stop, live_line(f"trading off on {instance.name}") as show:
        return pareto(instance, **options, stop=stop, on_row=lambda row: show(line(row)))


def _write_front(front: "ParetoFront") -> None:
    from gapweave.reports.pareto_table import pareto_table
    from gapweave.reports.pareto_words import pareto_words

    table = pareto_table(front)
    rows = [[cell.text for cell in cells] for cells in table.rows]
    write_table(table.columns, rows, left=table.columns[: table.text_columns], title=front.instance.name)
    write(pareto_words(front))
    for reason in dict.fromkeys(reason for reason in table.reasons if reason is not None):
        write(f"unknown: {reason}")
