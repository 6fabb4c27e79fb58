import subprocess
import sys
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from random_schedules import schedules

from gapweave.models.metrics import measure
from gapweave.models.schedule import COLUMNS, Schedule
from gapweave.reports.frames import schedule_frame


@settings(deadline=None)
@given(schedules())
def test_a_frame_has_every_task_with_the_names_of_job_and_device(schedule: Schedule) -> None:
    frame = schedule_frame(schedule)
    assert list(frame.columns[: len(COLUMNS)]) == list(COLUMNS)
    for row, made in zip(schedule.tasks, frame.to_dict("records"), strict=True):
        assert {name: made[name] for name in COLUMNS if name != "microbatch"} == {
            name: value for name, value in row._asdict().items() if name != "microbatch"
        }
        assert pd.isna(made["microbatch"]) if row.microbatch is None else made["microbatch"] == row.microbatch
        assert made["job_name"] == schedule.instance.jobs[row.job].name
        assert made["device_name"] == schedule.instance.devices[row.device].name


@settings(deadline=None)
@given(schedules())
def test_busy_time_can_be_summed_from_a_frame(schedule: Schedule) -> None:
    frame = schedule_frame(schedule)
    busy = (frame["end"] - frame["start"]).groupby(frame["device"]).sum()
    assert tuple(busy) == measure(schedule).busy
    assert frame.attrs["time_unit"] == schedule.instance.time_unit


def test_pandas_is_imported_only_for_frames_and_its_absence_is_explained() -> None:
    script = """
import sys
from gapweave.models.errors import MissingExtra
from gapweave.reports.frames import schedule_frame
from schedule_factory import build_schedule, make_instance, uniform_job
assert "pandas" not in sys.modules
sys.modules["pandas"] = None
try:
    schedule_frame(build_schedule(make_instance(uniform_job(2, 2), devices=2)))
except MissingExtra as exc:
    print(exc)
"""
    tests = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tests)
    assert run.stdout == "making data frames needs an extra: pip install 'gapweave[pandas]'\n", run.stderr
