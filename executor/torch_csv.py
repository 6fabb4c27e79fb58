"""A job's schedule for torch.distributed.pipelining: the order of its computations on every rank."""

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.models.torch_csv import Cell, write_cells


def torch_csv(schedule: Schedule, job: int) -> str:
    """Return one job's part of a schedule as a file that torch's runtime and torchtitan load.

    Torch numbers ranks along the pipeline, so row r holds the device of the job's stage r. It pairs losses
    with targets in the order in which the last stage runs its forward passes, so microbatches are numbered
    in that order. Optimizer tasks and times have no place there.

    The schedule has to keep the rules. Of one with a period and one step of the job in it, the file has this
    step, which every period repeats; the ranks run it step after step as torch does, so what overlaps in
    steady state is another job.

    Raises
    ------
    InvalidOption
        Torch cannot run it: several steps of the job, or stages that are dealt out to the ranks neither in a
        loop (stage s on rank s mod P) nor in a V (P stages forth, P stages back).
    """
    planned = schedule.instance.jobs[job]
    if schedule.steps[job] != 1:
        several = (
            f"{schedule.steps[job]} {'per period' if schedule.period is not None else 'in this schedule'}"
        )
        raise InvalidOption(f"--to torch-csv: holds one step, job {planned.name!r} has {several}")
    ranks = _ranks(schedule, job)
    number = _microbatch_numbers(schedule, job)
    rows: list[list[Cell]] = [[] for _ in ranks]
    for row in sorted(schedule.tasks, key=lambda row: row.start):
        if row.job == job and row.microbatch is not None:
            split = planned.stages[row.stage].is_split
            kind = "I" if row.kind == "B" and split else row.kind
            rows[ranks[row.device]].append(Cell(row.stage, kind, number[row.microbatch]))
    return write_cells(rows)


def _ranks(schedule: Schedule, job: int) -> dict[int, int]:
    """Return the rank of each device that the job uses."""
    planned = schedule.instance.jobs[job]
    path = [stage.device for stage in planned.stages]
    ranks: dict[int, int] = {}
    for device in path:
        ranks.setdefault(device, len(ranks))
    own, count = [ranks[device] for device in path], len(ranks)
    loop = [stage % count for stage in range(len(path))]
    forth_and_back = [*range(count), *reversed(range(count))]
    if own not in (loop, forth_and_back):
        raise InvalidOption(
            f"--to torch-csv: job {planned.name!r} has its stages on devices {path}, "
            "torch knows only loops and one V"
        )
    return ranks


def _microbatch_numbers(schedule: Schedule, job: int) -> dict[int, int]:
    """Number microbatches in the order of their forward passes on the last stage."""
    last = len(schedule.instance.jobs[job].stages) - 1
    own = [row for row in schedule.tasks if (row.job, row.kind, row.stage) == (job, "F", last)]
    ordered = [row.microbatch for row in sorted(own, key=lambda row: row.start)]
    return {microbatch: index for index, microbatch in enumerate(ordered) if microbatch is not None}
