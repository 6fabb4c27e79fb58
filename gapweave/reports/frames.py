"""Schedules and comparisons as pandas data frames."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from gapweave.models.errors import MissingExtra
from gapweave.models.schedule import COLUMNS, Schedule
from gapweave.models.task import KINDS
from gapweave.solver.compare import Comparison

if TYPE_CHECKING:
    import pandas as pd


def schedule_frame(schedule: Schedule) -> "pd.DataFrame":
    """Return one row per task, in the schedule's order.

    Returns
    -------
    pandas.DataFrame
        The columns of the schedule format, with ``microbatch`` missing for ``O`` and ``kind`` categorical,
        and the names of job and device as ``job_name`` and ``device_name``. Times are in ticks;
        ``frame.attrs`` names their unit, the instance, and the makespan.

    Raises
    ------
    MissingExtra
        pandas is not installed.
    """
    pandas = _pandas()
    frame = pandas.DataFrame(list(schedule.tasks), columns=list(COLUMNS))
    frame["microbatch"] = frame["microbatch"].astype("Int64")
    frame["kind"] = pandas.Categorical(frame["kind"], categories=list(KINDS), ordered=True)
    frame["job_name"] = frame["job"].map(dict(enumerate(job.name for job in schedule.instance.jobs)))
    devices = dict(enumerate(device.name for device in schedule.instance.devices))
    frame["device_name"] = frame["device"].map(devices)
    frame.attrs = {
        "instance": schedule.instance.name,
        "time_unit": schedule.instance.time_unit,
        "makespan": schedule.makespan,
    }
    return frame


def comparison_frame(comparison: Comparison) -> "pd.DataFrame":
    """Return one row per method, mode and placement, with the keys of `Comparison.to_document` as columns.

    Raises
    ------
    MissingExtra
        pandas is not installed.
    """
    pandas = _pandas()
    frame = pandas.DataFrame([row.to_document() for row in comparison.rows])
    whole = ["makespan", "lower_bound", "primary_makespan", "peak_memory"]
    frame[whole] = frame[whole].astype("Int64")
    frame.attrs = {
        "instance": comparison.instance.name,
        "time_unit": comparison.instance.time_unit,
        "memory_unit": comparison.instance.memory_unit,
    }
    return frame


def _pandas() -> ModuleType:
    try:
        return import_module("pandas")
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] != "pandas":
            raise
        raise MissingExtra("making data frames", "pandas") from exc
