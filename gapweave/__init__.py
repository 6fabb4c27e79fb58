"""gapweave: schedules further training jobs into the idle intervals of pipeline-parallel training.

The public names below are loaded when they are first used, so that importing gapweave costs little.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gapweave.executor.run import run
    from gapweave.executor.run_result import RunResult
    from gapweave.models.errors import (
        GapweaveError,
        Infeasible,
        InternalError,
        Interrupted,
        InvalidInstance,
        InvalidOption,
        InvalidSchedule,
        NotApplicable,
        NothingFound,
        OutputError,
    )
    from gapweave.models.idle import IdleInterval, idle_intervals
    from gapweave.models.instance import Device, Instance, Job, MicrobatchRule, Stage, StageMemory
    from gapweave.models.metrics import Metrics, measure
    from gapweave.models.schedule import Schedule
    from gapweave.models.task import ScheduledTask, Task
    from gapweave.models.task_graph import task_graph
    from gapweave.models.verify import Violation, verify
    from gapweave.solver.compare import Comparison, compare
    from gapweave.solver.expected import expected_schedule
    from gapweave.solver.incumbent import Progress
    from gapweave.solver.known import Known
    from gapweave.solver.pareto import ParetoFront, ParetoRow, pareto
    from gapweave.solver.pareto_memory import MemoryFront, MemoryRow, pareto_memory
    from gapweave.solver.solve import solve

__version__ = "0.1.0"

_HOMES = {
    "gapweave.executor.run": ("run",),
    "gapweave.executor.run_result": ("RunResult",),
    "gapweave.models.errors": (
        "GapweaveError",
        "Infeasible",
        "InternalError",
        "Interrupted",
        "InvalidInstance",
        "InvalidOption",
        "InvalidSchedule",
        "NotApplicable",
        "NothingFound",
        "OutputError",
    ),
    "gapweave.models.idle": ("IdleInterval", "idle_intervals"),
    "gapweave.models.instance": ("Device", "Instance", "Job", "MicrobatchRule", "Stage", "StageMemory"),
    "gapweave.models.metrics": ("Metrics", "measure"),
    "gapweave.models.schedule": ("Schedule",),
    "gapweave.models.task": ("ScheduledTask", "Task"),
    "gapweave.models.task_graph": ("task_graph",),
    "gapweave.models.verify": ("Violation", "verify"),
    "gapweave.solver.compare": ("Comparison", "compare"),
    "gapweave.solver.expected": ("expected_schedule",),
    "gapweave.solver.incumbent": ("Progress",),
    "gapweave.solver.known": ("Known",),
    "gapweave.solver.pareto": ("ParetoFront", "ParetoRow", "pareto"),
    "gapweave.solver.pareto_memory": ("MemoryFront", "MemoryRow", "pareto_memory"),
    "gapweave.solver.solve": ("solve",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Comparison",
    "Device",
    "GapweaveError",
    "IdleInterval",
    "Infeasible",
    "Instance",
    "InternalError",
    "Interrupted",
    "InvalidInstance",
    "InvalidOption",
    "InvalidSchedule",
    "Job",
    "Known",
    "MemoryFront",
    "MemoryRow",
    "Metrics",
    "MicrobatchRule",
    "NotApplicable",
    "NothingFound",
    "OutputError",
    "ParetoFront",
    "ParetoRow",
    "Progress",
    "RunResult",
    "Schedule",
    "ScheduledTask",
    "Stage",
    "StageMemory",
    "Task",
    "Violation",
    "__version__",
    "compare",
    "expected_schedule",
    "idle_intervals",
    "measure",
    "pareto",
    "pareto_memory",
    "run",
    "solve",
    "task_graph",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'gapweave' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
