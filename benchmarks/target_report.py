"""The targets in the report: one line for each group, and every run that was not proven optimal."""

from collections.abc import Sequence

from benchmarks.markdown import percent, seconds, table, ticks
from benchmarks.runs import Run
from benchmarks.target_groups import gap, groups
from benchmarks.targets import runs_of, summary
from benchmarks.trajectories import time_to_first, time_to_gap

TARGETS = """## Targets

What the solver is held to, in {setting}; `benchmarks/target_groups.py` has the instances. A gap is against
the run's own lower bound, the mean is geometric; made instances have names that say how to make them. The
last measurement counts; of the last three of the group of 64 devices one took 2.06 times as long to 1 % with
512 microbatches as with 256."""

NO_TARGETS = "No results yet: `python benchmarks/targets.py` measures them."


def target_lines(runs: Sequence[Run]) -> list[str]:
    """Return the lines of the section, for the setting with the most runs."""
    settings = [run.request.setting for run in runs]
    if not settings:
        return [TARGETS.format(setting="no setting so far"), "", NO_TARGETS]
    setting = max(settings, key=settings.count)
    columns = ["group", "runs", "proven", "mean gap", "worst gap", "target", "met"]
    found = [(group, runs_of(group, setting, runs)) for group in groups()]
    lines = [TARGETS.format(setting=setting), "", *table(columns, [summary(*pair) for pair in found])]
    for group, own in found:
        open_runs = [run for run in own if run.status != "optimal"]
        if open_runs:
            lines += ["", f"### {group.name}: not proven optimal", "", *_details(open_runs)]
    return lines


def _details(runs: Sequence[Run]) -> list[str]:
    times = ["first schedule, s", "within 1 %, s"]
    columns = ["instance", "makespan", "lower bound", "gap", *times, "peak memory"]
    return table(columns, [_detail(run) for run in runs])


def _detail(run: Run) -> list[str]:
    close = time_to_gap(run, run.lower_bound, 0.01) if run.lower_bound else None
    memory = "" if run.peak_memory is None else f"{run.peak_memory:,} MiB"
    if run.makespan is None:
        return [run.request.instance, run.status, ticks(run.lower_bound), "", "", "", memory]
    values = [ticks(run.makespan), ticks(run.lower_bound), percent(gap(run))]
    return [run.request.instance, *values, seconds(time_to_first(run)), seconds(close), memory]
