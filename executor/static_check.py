"""The static check: refuses programs that would hang, mix up messages or overrun memory."""

from collections.abc import Sequence
from typing import NoReturn

from gapweave.executor.lowering.buffers import last_reader
from gapweave.executor.program import Action, Program
from gapweave.executor.program_grid import program_grid
from gapweave.models.errors import ExecutionFailed
from gapweave.models.instance import Job
from gapweave.models.memory import memory_effects
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task


class UnsafePrograms(ExecutionFailed):
    """Programs that must not run; the text is one line, ``grid`` shows the place."""

    def __init__(self, problem: str, programs: Sequence[Program], rank: int, index: int) -> None:
        super().__init__(f"rank {rank}, action {index}: {problem}")
        self.rank = rank
        self.index = index
        self.grid = program_grid(programs, rank, index)


def check_programs(schedule: Schedule, programs: Sequence[Program]) -> None:
    """Check the programs of all ranks together.

    Raises
    ------
    UnsafePrograms
        A task is missing, doubled or on the wrong rank; the two ends of a channel disagree; a message is
        taken before it is posted, or its buffer is in use; the ranks wait for each other in a circle; a task
        runs before what it needs; or a device would hold more than its capacity.
    """
    check = _Check(schedule, programs)
    check.ranks()
    check.tasks()
    check.channels()
    check.buffers()
    check.memory()
    check.order()


class _Check:
    def __init__(self, schedule: Schedule, programs: Sequence[Program]) -> None:
        self.schedule = schedule
        self.programs = programs
        self.jobs = schedule.instance.jobs

    def ranks(self) -> None:
        """One program per device, of the same schedule."""
        devices = len(self.schedule.instance.devices)
        if len(self.programs) != devices:
            raise ExecutionFailed(f"expected {devices} programs (one per device), got {len(self.programs)}")
        for rank, program in enumerate(self.programs):
            if program.rank != rank or program.ranks != devices:
                self._refuse(rank, 0, f"is the program of rank {program.rank} of {program.ranks}")
            if program.schedule != self.programs[0].schedule:
                self._refuse(
                    rank, 0, f"is of schedule {program.schedule}, rank 0 has {self.programs[0].schedule}"
                )

    def tasks(self) -> None:
        """Every task runs once, on the device of its stage."""
        left = dict(_expected(self.schedule))
        for rank, index, action in self._all("run"):
            device = left.pop(action.task, None)
            if device is None:
                self._refuse(rank, index, f"{action.task} runs twice, or is no task of the schedule")
            if device != rank:
                self._refuse(rank, index, f"{action.task} belongs on device {device}")
        for task, device in left.items():
            self._refuse(device, len(self.programs[device].actions), f"{task} is missing")

    def channels(self) -> None:
        """The two ends of every channel list the same messages in the same order."""
        ends: dict[tuple[int, int], tuple[list[tuple[int, Task]], list[tuple[int, Task]]]] = {}
        for rank, program in enumerate(self.programs):
            for index, action in enumerate(program.actions):
                if action.op in ("send", "post"):
                    peer = self._peer(rank, index, action)
                    channel = (rank, peer) if action.op == "send" else (peer, rank)
                    ends.setdefault(channel, ([], []))[action.op == "post"].append((index, action.task))
        for (source, destination), (sent, posted) in ends.items():
            for (index, message), (other, expected) in zip(sent, posted, strict=False):
                if message != expected:
                    problem = f"expects {_name(expected)} from rank {source}, which sends {_name(message)}"
                    self._refuse(destination, other, f"{problem} there (its action {index})")
            if len(sent) > len(posted):
                index, message = sent[len(posted)]
                self._refuse(source, index, f"rank {destination} never receives {_name(message)}")
            if len(posted) > len(sent):
                index, message = posted[len(sent)]
                self._refuse(destination, index, f"rank {source} never sends {_name(message)}")

    def buffers(self) -> None:
        """A message is posted once, then taken once, and its buffer is its own until the last reader."""
        for rank, program in enumerate(self.programs):
            readers = {a.task: index for index, a in enumerate(program.actions) if a.op == "run"}
            busy: dict[tuple[int, str, int, int | None], int] = {}
            posted: dict[Task, Action] = {}
            for index, action in enumerate(program.actions):
                if action.op == "post":
                    buffer = (action.job, action.kind, action.stage, action.buffer)
                    if busy.get(buffer, -1) >= index:
                        self._refuse(rank, index, f"buffer {action.buffer} still holds another message")
                    reader = readers.get(last_reader(self.jobs[action.job], action.task))
                    if reader is None:
                        self._refuse(rank, index, f"nothing here reads {_name(action.task)}")
                    busy[buffer] = reader
                    posted[action.task] = action
                elif action.op == "take":
                    before = posted.pop(action.task, None)
                    if before is None or (before.peer, before.buffer) != (action.peer, action.buffer):
                        self._refuse(rank, index, f"{_name(action.task)} was not posted before")
            if posted:
                task = next(iter(posted))
                self._refuse(rank, len(program.actions), f"{_name(task)} is never taken")

    def memory(self) -> None:
        """What the tasks hold in their order on each device stays within its capacity."""
        effects = memory_effects(self.schedule.instance)
        for rank, program in enumerate(self.programs):
            level = self.schedule.instance.resident_memory[rank]
            capacity = self.schedule.instance.devices[rank].memory_capacity
            for index, action in enumerate(program.actions):
                if action.op == "run" and capacity is not None:
                    level += effects.get((action.job, action.stage, action.kind), (rank, 0))[1]
                    if level > capacity:
                        self._refuse(rank, index, f"the device would hold {level} of {capacity}")

    def order(self) -> None:
        """Carried out without a clock, every rank reaches its end, and every task finds what it needs."""
        places = [0] * len(self.programs)
        done: set[Task] = set()
        sent: set[Task] = set()
        waiting: dict[Task, int] = {}
        ready = list(range(len(self.programs)))
        while ready:
            rank = ready.pop()
            actions = self.programs[rank].actions
            while places[rank] < len(actions):
                action = actions[places[rank]]
                if action.op == "take":
                    if action.task not in sent:
                        waiting[action.task] = rank
                        break
                elif action.op == "send":
                    self._require_produced(rank, places[rank], action, done)
                    sent.add(action.task)
                    if action.task in waiting:
                        ready.append(waiting.pop(action.task))
                elif action.op == "run":
                    self._require_inputs(rank, places[rank], action.task, done)
                    done.add(action.task)
                places[rank] += 1
        for rank, program in enumerate(self.programs):
            if places[rank] < len(program.actions):
                action = program.actions[places[rank]]
                problem = f"deadlock: waits for {_name(action.task)} of rank {action.peer} for ever"
                self._refuse(rank, places[rank], problem)

    def _require_produced(self, rank: int, index: int, action: Action, done: set[Task]) -> None:
        if action.kind in ("F", "B") and action.task not in done:
            self._refuse(rank, index, f"{_name(action.task)} is sent before it is computed")

    def _require_inputs(self, rank: int, index: int, task: Task, done: set[Task]) -> None:
        for before in _needed(self.jobs[task.job], task):
            if before not in done:
                self._refuse(rank, index, f"{task} runs before {before}")

    def _all(self, op: str) -> list[tuple[int, int, Action]]:
        return [
            (rank, index, action)
            for rank, program in enumerate(self.programs)
            for index, action in enumerate(program.actions)
            if action.op == op
        ]

    def _peer(self, rank: int, index: int, action: Action) -> int:
        if action.peer is None or not 0 <= action.peer < len(self.programs) or action.peer == rank:
            self._refuse(rank, index, f"expected another rank at the other end, got {action.peer}")
        return action.peer

    def _refuse(self, rank: int, index: int, problem: str) -> NoReturn:
        raise UnsafePrograms(problem, self.programs, rank, index)


def _expected(schedule: Schedule) -> list[tuple[Task, int]]:
    return [
        (Task(number, step, kind, index, microbatch), stage.device)
        for number, job in enumerate(schedule.instance.jobs)
        for step in range(schedule.steps[number])
        for index, stage in enumerate(job.stages)
        for kind in ("FBWO" if stage.is_split else "FBO")
        for microbatch in ([None] if kind == "O" else range(job.microbatch_count))
    ]


def _needed(job: Job, task: Task) -> list[Task]:
    """Return the tasks that a task needs, wherever they run."""
    last = len(job.stages) - 1
    if task.kind == "F":
        return [task._replace(stage=task.stage - 1)] if task.stage else []
    if task.kind == "B":
        own = task._replace(kind="F")
        return [own] if task.stage == last else [own, task._replace(stage=task.stage + 1)]
    if task.kind == "W":
        return [task._replace(kind="B")]
    stages = range(last + 1) if job.optimizer_barrier else (task.stage,)
    return [
        Task(task.job, task.step, "W" if job.stages[stage].is_split else "B", stage, microbatch)
        for stage in stages
        for microbatch in range(job.microbatch_count)
    ]


def _name(message: Task) -> str:
    names = {"F": "activation", "B": "gradient", "N": "norm", "S": "clipping factor"}
    number = "" if message.microbatch is None else f", microbatch {message.microbatch}"
    step = f", step {message.step}" if message.step else ""
    return f"the {names[message.kind]} of job {message.job}, stage {message.stage}{number}{step}"
