"""``gapweave compare``: every heuristic, every mode and the solver on one instance."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gapweave.cli.arguments import InstanceArgument, JsonOption
from gapweave.cli.choices import Objective, Placement
from gapweave.cli.output import write, write_json, write_table
from gapweave.models.errors import InvalidOption

if TYPE_CHECKING:
    from gapweave.models.instance import Instance
    from gapweave.solver.compare import Comparison, Row

_COLUMNS = (
    "method",
    "mode",
    "status",
    "makespan",
    "gap",
    "bubble rate",
    "stage-span rate",
    "primary delay",
    "gain",
    "peak memory",
    "seconds",
)


def compare(
    instance: InstanceArgument,
    methods: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD,...", help="Heuristics and 'solver', comma-separated.", show_default="all"
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
    as_json: JsonOption = False,
) -> None:
    """Run every heuristic and the solver, and show makespan, gap, idle share, delay, gain and memory.

    The gap is against the best bound of the row's mode; the gain is work per time against running the jobs
    one after the other; the primary's delay is against its best policy alone.
    """
    from gapweave.models.instance import Instance

    if objective is not Objective.makespan:
        raise InvalidOption(f"--objective: only 'makespan' can be compared so far, got {objective.value!r}")
    loaded = Instance.load(instance)
    options: dict[str, Any] = {
        "methods": None if methods is None else [name.strip() for name in methods.split(",")],
        "placement": placement.value,
        "time_limit": time_limit,
        "workers": workers,
        "seed": seed,
    }
    comparison = _compared(loaded, options)
    if as_json:
        write_json(comparison.to_document())
        return
    unit, memory_unit = loaded.time_unit, loaded.memory_unit
    write(f"{loaded.name}: times in {unit}, memory in {memory_unit}")
    write_table(_COLUMNS, map(_cells, comparison.rows), left=("method", "mode", "status"))
    for row in comparison.rows:
        if row.reason is not None:
            write(f"{row.method} ({row.mode}): {row.reason}")


def _compared(instance: "Instance", options: dict[str, Any]) -> "Comparison":
    from gapweave.cli.interrupts import stop_on_signals
    from gapweave.cli.live import live_line
    from gapweave.solver.compare import compare as compare_methods

    with stop_on_signals() as stop, live_line(f"comparing on {instance.name}") as show:
        return compare_methods(
            instance,
            **options,
            stop=stop,
            on_row=lambda row: show(f"{row.method} ({row.mode}): {row.makespan or row.status}"),
        )


def _cells(row: "Row") -> tuple[str | None, ...]:
    return (
        row.method,
        row.mode,
        row.status,
        _number(row.makespan),
        _percent(row.gap),
        _percent(row.bubble_rate),
        _percent(row.stage_span_bubble_rate),
        _percent(row.primary_delay),
        _percent(row.gain),
        _number(row.peak_memory),
        f"{row.seconds:.2f}",
    )


def _number(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.2%}"
