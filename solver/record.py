"""What a schedule says about the solve that made it."""

from importlib.metadata import version

from gapweave.models.schedule import SolverRecord
from gapweave.solver.options import Options
from gapweave.solver.stopping import Stopping


def solver_record(options: Options, stopping: Stopping, found_by: str) -> SolverRecord:
    """Return settings and time of a solve that ends now, and which phase found its schedule."""
    return SolverRecord(
        name="gapweave",
        version=version("gapweave"),
        seed=options.seed,
        workers=options.threads,
        time_limit=options.time_limit,
        work_limit=options.work_limit,
        wall_time=round(stopping.elapsed, 3),
        notes={"found_by": found_by},
    )
