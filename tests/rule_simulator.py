"""The rules of a feasible schedule by brute force: tick by tick, periods unrolled, slow, for tiny schedules.

Written apart from the verifier, in another way, so that the two can be held against each other.
"""

from collections import Counter
from collections.abc import Iterable

from gapweave.models.instance import Job
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task


def has_exactly_its_tasks(schedule: Schedule) -> bool:
    """Whether every task of the instance occurs once, and nothing else."""
    wanted = [
        Task(number, step, kind, s, microbatch)
        for number, job in enumerate(schedule.instance.jobs)
        for step in range(schedule.steps[number])
        for s in range(len(job.stages))
        for kind, microbatch in _of_stage(job, s)
    ]
    return Counter(wanted) == Counter(row.task for row in schedule.tasks)


def broken_rules(schedule: Schedule) -> set[str]:
    """The names of all broken rules, for a schedule that has exactly its tasks."""
    broken = _false_claims(schedule) | _broken_promises(schedule)
    for row in schedule.tasks:
        stage = schedule.instance.jobs[row.job].stages[row.stage]
        kinds = {"F": stage.forward, "B": stage.backward, "W": stage.weight, "O": stage.optimizer}
        if row.end - row.start != kinds[row.kind] or row.device != stage.device or row.start < 0:
            broken.add("1")
    for number, job in enumerate(schedule.instance.jobs):
        starts = [row.start for row in schedule.tasks if row.job == number]
        if job.release and (schedule.period or min(starts) < job.release):
            broken.add("4")
    return broken | _Simulation(schedule).run()


def simulated_levels(schedule: Schedule) -> list[dict[int, int]]:
    """The memory level of each device at every tick from 0 (of one period in steady state)."""
    simulation = _Simulation(schedule)
    simulation.run()
    return simulation.levels


class _Simulation:
    """Runs all rows tick by tick; with a period, as many periods as it takes to reach steady state."""

    def __init__(self, schedule: Schedule) -> None:
        self.instance = schedule.instance
        self.rows = list(schedule.tasks)
        self.first, self.last = _span(self.rows)
        #: Ticks at which memory counts; with a period, one in which all live steps are there.
        self.steady = range(self.last + 1)
        if schedule.period is not None:
            self._unroll(schedule.steps, schedule.period)
        self.ended: dict[Task, int] = {}
        self.done: Counter[tuple[object, ...]] = Counter()
        self.levels: list[dict[int, int]] = [{} for _ in self.instance.devices]

    def _unroll(self, steps: tuple[int, ...], period: int) -> None:
        before, after = self.last // period + 2, -self.first // period + 2
        self.rows = [
            row._replace(
                step=row.step + n * steps[row.job], start=row.start + n * period, end=row.end + n * period
            )
            for n in range(before + after)
            for row in self.rows
        ]
        self.first, self.last = _span(self.rows)
        self.steady = range(before * period, (before + 1) * period)

    def run(self) -> set[str]:
        """Return the broken ones of the rules 2, 3, 5 and 7."""
        broken = {"2"} if self._collisions() else set()
        starting, ending = _by_tick(self.rows, "start"), _by_tick(self.rows, "end")
        levels = list(self.instance.resident_memory)
        for tick in range(self.first, self.last + 1):
            for row in ending.get(tick, []):
                self.ended[row.task] = tick
                self.done[row.job, row.step, row.stage, row.kind] += 1
                levels[self._home(row)] += min(0, self._delta(row))
            for row in starting.get(tick, []):
                broken |= self._started_too_early(row)
                levels[self._home(row)] += max(0, self._delta(row))
            if tick in self.steady:
                for device, level in enumerate(levels):
                    self.levels[device][tick - self.steady.start] = level
                    capacity = self.instance.devices[device].memory_capacity
                    if capacity is not None and level > capacity:
                        broken.add("5")
        return broken

    def _collisions(self) -> bool:
        busy = Counter((row.device, tick) for row in self.rows for tick in range(row.start, row.end))
        return any(count > 1 for count in busy.values())

    def _home(self, row: ScheduledTask) -> int:
        return self.instance.jobs[row.job].stages[row.stage].device

    def _delta(self, row: ScheduledTask) -> int:
        memory = self.instance.jobs[row.job].stages[row.stage].memory
        return {"F": memory.forward, "B": memory.backward, "W": memory.weight, "O": 0}[row.kind]

    def _started_too_early(self, row: ScheduledTask) -> set[str]:
        """Look at what has been done so far when a task starts."""
        job = self.instance.jobs[row.job]
        broken = set()
        for task, lag in _inputs(job, row.task):
            if task not in self.ended or self.ended[task] + lag > row.start:
                broken.add("3")
        if row.kind == "O":
            stages = range(len(job.stages)) if job.optimizer_barrier else [row.stage]
            if not all(self._drained(job, row.job, row.step, s) for s in stages):
                broken.add("3")
        if row.kind == "F" and row.step:
            optimizer_done = self.done[row.job, row.step - 1, row.stage, "O"] > 0
            if job.stages[row.stage].optimizer > 0 and not optimizer_done:
                broken.add("7")
            stages = range(len(job.stages)) if job.optimizer_barrier else [row.stage]
            if not all(self._drained(job, row.job, row.step - 1, s) for s in stages):
                broken.add("7")
        return broken

    def _drained(self, job: Job, number: int, step: int, stage: int) -> bool:
        count = self.done[number, step, stage, "B"] + self.done[number, step, stage, "W"]
        return count == sum(kind in "BW" for kind, _ in _of_stage(job, stage))


def _of_stage(job: Job, stage: int) -> Iterable[tuple[str, int | None]]:
    """Kind and microbatch of every task of a stage in one step."""
    split = job.stages[stage].weight is not None
    yield from ((kind, m) for kind in ("FBW" if split else "FB") for m in range(job.microbatch_count))
    if job.stages[stage].optimizer > 0:
        yield "O", None


def _inputs(job: Job, task: Task) -> list[tuple[Task, int]]:
    """What a task of one microbatch reads, and how long it travels."""
    s = task.stage
    if task.kind == "F" and s > 0:
        return [(task._replace(stage=s - 1), _travel(job, job.forward_transfer, s - 1))]
    if task.kind == "B" and s < len(job.stages) - 1:
        return [(task._replace(stage=s + 1), _travel(job, job.backward_transfer, s))]
    if task.kind == "B":
        return [(task._replace(kind="F"), 0)]
    if task.kind == "W":
        return [(task._replace(kind="B"), 0)]
    return []


def _travel(job: Job, transfer: int | tuple[int, ...], edge: int) -> int:
    if job.stages[edge].device == job.stages[edge + 1].device:
        return 0
    return transfer if isinstance(transfer, int) else transfer[edge]


def _span(rows: list[ScheduledTask]) -> tuple[int, int]:
    """First and last tick at which something may happen."""
    ticks = [0, *(row.start for row in rows), *(row.end for row in rows)]
    return min(ticks), max(ticks)


def _by_tick(rows: list[ScheduledTask], column: str) -> dict[int, list[ScheduledTask]]:
    ticks: dict[int, list[ScheduledTask]] = {}
    for row in rows:
        ticks.setdefault(getattr(row, column), []).append(row)
    return ticks


def _false_claims(schedule: Schedule) -> set[str]:
    names = [job.name for job in schedule.instance.jobs]
    job_ends = {name: 0 for name in names}
    for row in schedule.tasks:
        job_ends[names[row.job]] = max(job_ends[names[row.job]], row.end)
    makespan = max(job_ends.values())
    if schedule.period:
        makespan -= sorted(row.start for row in schedule.tasks)[0]
    true = makespan == schedule.makespan and job_ends == schedule.job_makespans
    value = schedule.period or schedule.makespan
    if schedule.lower_bound is not None:
        true = true and value >= schedule.lower_bound
    if schedule.status == "optimal":
        true = true and value == schedule.lower_bound
    return set() if true else {"claim"}


def _broken_promises(schedule: Schedule) -> set[str]:
    primary = schedule.primary
    if primary is None:
        return set()
    rows = [row for row in schedule.tasks if row.job == 0]
    end = max([0, *(row.end for row in rows)])
    if schedule.mode == "joint":
        return {"6"} if end > primary.limit else set()
    here = sorted(repr((row.kind, row.stage, row.microbatch, row.start)) for row in rows)
    there = sorted(map(repr, primary.tasks or ()))
    return set() if here == there and end == primary.makespan else {"6"}
