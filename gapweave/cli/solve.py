"""``gapweave solve``: from an instance to a verified schedule file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gapweave.cli.arguments import InstanceArgument, JsonOption
from gapweave.cli.choices import Mode, Objective, Placement
from gapweave.cli.output import write_fields, write_json
from gapweave.cli.steady_lines import steady_document, steady_fields
from gapweave.models.atomic_write import require_writable
from gapweave.models.errors import (
    GapweaveError,
    Infeasible,
    Interrupted,
    InvalidOption,
    NotApplicable,
    NothingFound,
)
from gapweave.solver.default_policy import DEFAULT_POLICY

if TYPE_CHECKING:
    from gapweave.models.instance import Instance
    from gapweave.models.schedule import Schedule


def solve(
    instance: InstanceArgument,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="SCHEDULE", help="Where to write.", show_default="NAME.schedule.json"
        ),
    ] = None,
    objective: Annotated[Objective, typer.Option(help="What to minimise.")] = Objective.makespan,
    mode: Annotated[
        Mode, typer.Option(help="Schedule all jobs freely, or fill the primary's idle intervals.")
    ] = Mode.joint,
    primary: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD|SCHEDULE",
            help="With --mode fill: the primary's own schedule, by a policy, by 'solver', or a file. "
            "With --primary-slack: a file with its best schedule alone.",
            show_default=f"{DEFAULT_POLICY}; for a period solver",
        ),
    ] = None,
    primary_slack: Annotated[
        float | None,
        typer.Option(
            help="With --mode joint: how much later than alone the primary may end (0.02: 2 %).",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(
            metavar="N,N",
            help="With --objective period: steps of each job in a period.",
            show_default="one each; beside a primary that keeps its period as many as fit",
        ),
    ] = None,
    expand: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="With --objective period: write N periods in a row as one schedule.",
            show_default=False,
        ),
    ] = None,
    placement: Annotated[
        Placement, typer.Option(help="Device order of the secondary jobs.")
    ] = Placement.given,
    time_limit: Annotated[float, typer.Option(help="Seconds until the verified result.")] = 60.0,
    work_limit: Annotated[
        float | None,
        typer.Option(
            help="Deterministic limit of the search: with --workers 1, the same schedule every time.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Threads of the search.", show_default="all cores")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Schedule all jobs of an instance together, prove how good that is, and write the schedule.

    Ctrl-C ends the search and writes the best schedule so far.
    """
    from gapweave.models.expand import expanded
    from gapweave.models.instance import Instance

    if expand is not None and objective is not Objective.period:
        raise InvalidOption("--expand: goes with --objective period")
    loaded = Instance.load(instance)
    target = f"{Path(loaded.name).name}.schedule.json" if output is None else output
    require_writable(target)
    options: dict[str, Any] = {
        "objective": objective.value,
        "mode": mode.value,
        "primary": primary,
        "primary_slack": primary_slack,
        "placement": placement.value,
        "time_limit": time_limit,
        "work_limit": work_limit,
        "workers": workers,
        "seed": seed,
        "steps": step_counts(steps),
    }
    try:
        schedule = _solved(loaded, options)
    except (Infeasible, NothingFound, NotApplicable, Interrupted) as exc:
        if as_json:
            write_json(_failure(exc))
        raise
    if expand is not None:
        schedule = expanded(schedule, expand)
    schedule.save(target)
    if as_json:
        write_json(schedule.summary() | steady_document(schedule) | {"output": target})
    else:
        write_fields(_description(schedule, target))


def step_counts(text: str | None) -> tuple[int, ...] | None:
    """Read ``2,3``; raises InvalidOption."""
    if text is None:
        return None
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise InvalidOption(f"--steps: expected numbers such as 2,3, got {text!r}") from None


def _solved(instance: "Instance", options: dict[str, Any]) -> "Schedule":
    from gapweave.cli.interrupts import stop_on_signals
    from gapweave.cli.live import live_line, progress_text
    from gapweave.solver.solve import solve as solve_instance

    value = options["objective"]
    with stop_on_signals() as stop, live_line(f"solving {instance.name}") as show:
        return solve_instance(
            instance,
            **options,
            stop=stop,
            on_progress=lambda progress: show(progress_text(progress, instance.time_unit, value)),
        )


def _failure(exc: GapweaveError) -> dict[str, Any]:
    return {"status": "infeasible" if isinstance(exc, Infeasible) else "unknown", "reason": str(exc)}


def _description(schedule: "Schedule", target: str) -> dict[str, object]:
    from gapweave.models.metrics import measure

    unit = schedule.instance.time_unit
    argument = schedule.bound.argument if schedule.bound is not None else ""
    jobs = ", ".join(f"{name} {end:,}" for name, end in schedule.job_makespans.items())
    found_by = schedule.solver.notes.get("found_by")
    placements = schedule.solver.notes.get("placements", {})
    steady = steady_fields(schedule)
    return {
        "instance": schedule.instance.name,
        "status": f"{schedule.status} (found by {found_by}, verified)",
        "makespan": "" if schedule.period is not None else f"{schedule.makespan:,} {unit}",
        "period": "" if schedule.period is None else _period_text(schedule),
        "lower bound": ""
        if schedule.lower_bound is None
        else f"{schedule.lower_bound:,} {unit} by {argument}",
        "gap": "" if schedule.gap is None else f"{schedule.gap:.2%}",
        "jobs end at": jobs,
        "placements": "; ".join(_placement_line(name, note) for name, note in placements.items()),
        **(steady or {"bubble rate": f"{measure(schedule).bubble_rate:.2%}"}),
        "seconds": f"{schedule.solver.wall_time:.2f}",
        "wrote": target,
    }


def _period_text(schedule: "Schedule") -> str:
    """Return the period, with the steps that it holds and what they cost the primary."""
    text = f"{schedule.period:,} {schedule.instance.time_unit}"
    if set(schedule.steps) != {1}:
        text += f" for steps {':'.join(map(str, schedule.steps))}"
    primary = schedule.primary
    if primary is None:
        return text
    if schedule.mode == "fill":
        return f"{text}; a step of the primary takes {primary.makespan:,} as alone ({primary.source})"
    return f"{text}; a step of the primary may take {primary.limit:,}, alone {primary.makespan:,}"


def _placement_line(placement: str, note: dict[str, Any]) -> str:
    """Return what was proven about one placement of a search."""
    if "makespan" in note:
        return f"{placement} {note['status']} at {note['makespan']:,}"
    if "period" in note:
        steps = ":".join(map(str, note["steps"]))
        return f"{placement} {note['status']} at {note['period']:,} for steps {steps}"
    return f"{placement} {note['status']}, bound {note['lower_bound']:,}"
