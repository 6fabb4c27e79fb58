"""``gapweave compare``: every heuristic, every mode and the solver on one instance."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gapweave.cli.arguments import InstanceArgument, JsonOption
from gapweave.cli.choices import Objective, Paper, Pareto, Placement
from gapweave.cli.output import write, write_json, write_table
from gapweave.cli.pareto import compare_trade_off, require_objective
from gapweave.models.atomic_write import require_writable
from gapweave.models.errors import InvalidOption

if TYPE_CHECKING:
    from gapweave.models.instance import Instance
    from gapweave.reports.colours import ThemeName
    from gapweave.solver.compare import Comparison


def compare(
    instance: InstanceArgument,
    methods: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD,...", help="Heuristics and 'solver', comma-separated.", show_default="all"
        ),
    ] = None,
    pareto: Annotated[
        Pareto | None,
        typer.Option(
            "--pareto",
            metavar="[slowdown|memory]",
            help="Instead of methods, compare how much later than alone the primary may end; "
            "with --objective period, how much memory is free.",
            show_default=False,
        ),
    ] = None,
    objective: Annotated[Objective, typer.Option(help="What to minimise.")] = Objective.makespan,
    placement: Annotated[
        Placement, typer.Option(help="Device order of the secondary jobs.")
    ] = Placement.given,
    time_limit: Annotated[float, typer.Option(help="Seconds for all runs of the solver together.")] = 60.0,
    workers: Annotated[
        int | None, typer.Option(help="Threads of the solver.", show_default="all cores")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a page or table: .html, .csv or .md; with --pareto also .svg, .png or .pdf.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[
        Paper | None,
        typer.Option(help="With -o: what a chart is drawn on.", show_default="light; in .html the reader's"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run every heuristic and the solver, and show makespan, gap, idle share, delay, gain and memory.

    The gap is against the best bound of the row's mode; the gain is work per time against running the jobs
    one after the other; the primary's delay is against its best policy alone.
    """
    from gapweave.models.instance import Instance

    if pareto is not None:
        require_objective(pareto, objective)
    loaded = Instance.load(instance)
    options: dict[str, Any] = {
        "placement": placement.value,
        "time_limit": time_limit,
        "workers": workers,
        "seed": seed,
    }
    if theme is not None and output is None:
        raise InvalidOption("--theme: goes with -o FILE")
    paper: ThemeName | None = None if theme is None else theme.value
    if pareto is not None:
        if methods is not None:
            raise InvalidOption("--methods: does not go with --pareto, which runs the solver alone")
        compare_trade_off(pareto, loaded, options, output, paper, as_json=as_json)
        return
    options["objective"] = objective.value
    options["methods"] = None if methods is None else [name.strip() for name in methods.split(",")]
    _compare_methods(loaded, options, output, paper, as_json=as_json)


def _compare_methods(
    instance: "Instance",
    options: dict[str, Any],
    output: str | None,
    theme: "ThemeName | None",
    *,
    as_json: bool,
) -> None:
    from gapweave.reports.comparison_page import SUFFIXES, write_comparison
    from gapweave.reports.suffixes import suffix_of

    if output is not None:
        suffix_of(output, SUFFIXES)
        require_writable(output)
    comparison = _compared(instance, options)
    if output is not None:
        write_comparison(comparison, output, theme=theme)
    if as_json:
        write_json(comparison.to_document())
        return
    _write_comparison(comparison)
    if output is not None:
        write(f"wrote {output}")


def _write_comparison(comparison: "Comparison") -> None:
    from gapweave.reports.comparison_table import comparison_table
    from gapweave.reports.comparison_words import in_words

    table = comparison_table(comparison)
    columns = [*table.columns]
    shown = [
        cells
        for row, cells in zip(comparison.rows, table.rows, strict=True)
        if row.status != "not-applicable"
    ]
    rows = [[f"*{cell.text}" if cell.is_best else cell.text for cell in cells] for cells in shown]
    write_table(columns, rows, left=columns[: table.text_columns], title=comparison.instance.name)
    write("* best of its column")
    write(in_words(comparison))
    for reason, methods in _reasons(comparison).items():
        write(f"not applicable: {', '.join(methods)}: {reason}")


def _reasons(comparison: "Comparison") -> dict[str, list[str]]:
    """Return the methods that gave each reason, which names no method itself."""
    reasons: dict[str, list[str]] = {}
    for row in comparison.rows:
        if row.reason is not None:
            reason = row.reason.removeprefix(f"{row.method} ")
            methods = reasons.setdefault(reason, [])
            if row.method not in methods:
                methods.append(row.method)
    return reasons


def _compared(instance: "Instance", options: dict[str, Any]) -> "Comparison":
    from gapweave.cli.interrupts import stop_on_signals
    from gapweave.cli.live import live_line
    from gapweave.solver.compare import compare as compare_methods

    with stop_on_signals() as stop, live_line(f"comparing on {instance.name}") as show:
        return compare_methods(
            instance,
            **options,
            stop=stop,
            on_row=lambda row: show(f"{row.method} ({row.mode}): {row.value or row.status}"),
        )
