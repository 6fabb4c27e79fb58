"""The shipped instances that tests can afford."""

from gapweave.instances import names
from gapweave.models.instance import Instance

MOST_TASKS = 5_000

#: Names of all shipped instances with fewer tasks than that, and of those among them with several jobs.
SMALL = [name for name in names() if Instance.load(name).task_count < MOST_TASKS]
SMALL_WITH_SEVERAL_JOBS = [name for name in SMALL if len(Instance.load(name).jobs) > 1]
