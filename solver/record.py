"""What a schedule says about the solve that made it."""

from importlib.metadata import version

from gapweave.models.schedule import Schedule, SolverRecord
from gapweave.solver.options import Options
from gapweave.solver.stopping import Stopping


def solver_record(options: Options, found_by: str) -> SolverRecord:
    """Return the settings of a solve, and which phase found its schedule; its time is still to come."""
    return SolverRecord(
        name="gapweave",
        version=version("gapweave"),
        seed=options.seed,
        workers=options.threads,
        time_limit=options.time_limit,
        work_limit=options.work_limit,
        notes={"found_by": found_by},
    )


def timed(schedule: Schedule, stopping: Stopping) -> Schedule:
    """Return a schedule, built and verified, with the seconds that all of this took."""
    solver = schedule.solver.model_copy(update={"wall_time": round(stopping.elapsed, 3)})
    return schedule.model_copy(update={"solver": solver})
