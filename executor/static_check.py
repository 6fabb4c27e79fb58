"""The static check: refuses programs that would hang, mix up messages or overrun memory."""

from collections.abc import Sequence
from typing import NoReturn, TypeAlias

from gapweave.executor.dependencies import Dependencies
from gapweave.executor.lowering.buffers import last_reader
from gapweave.executor.lowering.expected import expected_messages, expected_tasks
from gapweave.executor.lowering.lower import schedule_digest
from gapweave.executor.program import Action, Program
from gapweave.executor.program_grid import program_grid
from gapweave.models.errors import ExecutionFailed
from gapweave.models.memory import memory_effects
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task

_End: TypeAlias = list[tuple[int, Task]]


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
        A task or message is missing, doubled or on the wrong rank; the two ends of a channel disagree; a
        task runs before what it needs is there; a message is taken before it is posted, or its buffer is in
        use; a device would hold more than its capacity; or the ranks wait for each other in a circle.
    """
    check = _Check(schedule, programs)
    check.ranks()
    check.tasks()
    check.messages()
    check.channels()
    check.dependencies()
    check.buffers()
    check.memory()
    check.deadlocks()


class _Check:
    def __init__(self, schedule: Schedule, programs: Sequence[Program]) -> None:
        self.schedule = schedule
        self.programs = programs
        self.jobs = schedule.instance.jobs

    def ranks(self) -> None:
        """One program per device, of this schedule."""
        devices = len(self.schedule.instance.devices)
        if len(self.programs) != devices:
            raise ExecutionFailed(f"expected {devices} programs (one per device), got {len(self.programs)}")
        digest = schedule_digest(self.schedule)
        for rank, program in enumerate(self.programs):
            if program.rank != rank or program.ranks != devices:
                self._refuse(rank, 0, f"is the program of rank {program.rank} of {program.ranks}")
            if program.schedule != digest:
                self._refuse(rank, 0, f"is of schedule {program.schedule}, expected {digest}")

    def tasks(self) -> None:
        """Every task runs once, on the device of its stage."""
        left = expected_tasks(self.schedule)
        known = set(left)
        for rank, index, action in self._all("run"):
            device = left.pop(action.task, None)
            if device is None:
                problem = "runs twice" if action.task in known else "is no task of the schedule"
                self._refuse(rank, index, f"{action.task} {problem}")
            if device != rank:
                self._refuse(rank, index, f"{action.task} belongs on device {device}")
        for task, device in left.items():
            self._refuse(device, len(self.programs[device].actions), f"{task} is missing")

    def messages(self) -> None:
        """Every message travels once, from the device of its producer to that of its consumer."""
        expected = expected_messages(self.schedule)
        for op in ("send", "post", "take"):
            left = dict(expected)
            for rank, index, action in self._all(op):
                ends = left.pop(action.task, None)
                if ends is None:
                    problem = "occurs twice" if action.task in expected else "is no message of the schedule"
                    self._refuse(rank, index, f"'{action}' {problem}")
                if ends != ((rank, action.peer) if op == "send" else (action.peer, rank)):
                    self._refuse(rank, index, f"'{action}' should travel from rank {ends[0]} to {ends[1]}")

    def channels(self) -> None:
        """The two ends of every channel list the same messages in the same order."""
        ends: dict[tuple[int, int | None], tuple[_End, _End]] = {}
        for rank, index, action in self._all("send"):
            ends.setdefault((rank, action.peer), ([], []))[0].append((index, action.task))
        for rank, index, action in self._all("post"):
            source = -1 if action.peer is None else action.peer
            ends.setdefault((source, rank), ([], []))[1].append((index, action.task))
        for (source, peer), (sent, posted) in ends.items():
            destination = -1 if peer is None else peer
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

    def dependencies(self) -> None:
        """Whatever a rank runs or sends was computed or taken there before."""
        for rank, program in enumerate(self.programs):
            here = Dependencies(rank, self.jobs)
            for index, action in enumerate(program.actions):
                missing = here.missing(action)
                if missing is not None:
                    self._refuse(rank, index, f"'{action}' comes before {_name(missing)} is there")
                here.add(action)

    def buffers(self) -> None:
        """A message is posted before it is taken, and its buffer is its own until the last reader."""
        for rank, program in enumerate(self.programs):
            readers = {a.task: index for index, a in enumerate(program.actions) if a.op == "run"}
            busy: dict[tuple[int, str, int, int | None], int] = {}
            posted: dict[Task, int | None] = {}
            for index, action in enumerate(program.actions):
                if action.op == "post":
                    buffer = (action.job, action.kind, action.stage, action.buffer)
                    if action.buffer is None or busy.get(buffer, -1) >= index:
                        self._refuse(rank, index, f"'{action}': the buffer is missing, or still in use")
                    busy[buffer] = readers[last_reader(self.jobs[action.job], action.task)]
                    posted[action.task] = action.buffer
                elif action.op == "take":
                    if action.task not in posted:
                        self._refuse(rank, index, f"{_name(action.task)} was not posted before")
                    if posted[action.task] != action.buffer:
                        self._refuse(rank, index, f"'{action}': it was posted to b{posted[action.task]}")

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

    def deadlocks(self) -> None:
        """Carried out without a clock, every rank reaches its end."""
        places = [0] * len(self.programs)
        sent: set[Task] = set()
        waiting: dict[Task, int] = {}
        ready = list(range(len(self.programs)))
        while ready:
            rank = ready.pop()
            actions = self.programs[rank].actions
            while places[rank] < len(actions):
                action = actions[places[rank]]
                if action.op == "take" and action.task not in sent:
                    waiting[action.task] = rank
                    break
                if action.op == "send":
                    sent.add(action.task)
                    if action.task in waiting:
                        ready.append(waiting.pop(action.task))
                places[rank] += 1
        if waiting:
            self._refuse_circle({rank: task for task, rank in waiting.items()}, places)

    def _refuse_circle(self, waiting: dict[int, Task], places: list[int]) -> NoReturn:
        """Every rank that waits does so for another one that waits: name those of one circle."""
        peers = {rank: self.programs[rank].actions[places[rank]].peer for rank in waiting}
        rank: int | None = min(waiting)
        seen: list[int] = []
        while rank is not None and rank not in seen:
            seen.append(rank)
            rank = peers.get(rank)
        circle = seen[seen.index(rank) :] if rank in seen else seen
        waits = (f"rank {one} waits for {_name(waiting[one])} of rank {peers[one]}" for one in circle)
        self._refuse(circle[0], places[circle[0]], f"deadlock: {'; '.join(waits)}")

    def _all(self, op: str) -> list[tuple[int, int, Action]]:
        return [
            (rank, index, action)
            for rank, program in enumerate(self.programs)
            for index, action in enumerate(program.actions)
            if action.op == op
        ]

    def _refuse(self, rank: int, index: int, problem: str) -> NoReturn:
        raise UnsafePrograms(problem, self.programs, rank, index)


def _name(message: Task) -> str:
    if message.kind in "WO":
        return str(message)
    names = {"F": "activation", "B": "gradient", "N": "norm", "S": "clipping factor"}
    number = "" if message.microbatch is None else f", microbatch {message.microbatch}"
    step = f", step {message.step}" if message.step else ""
    return f"the {names[message.kind]} of job {message.job}, stage {message.stage}{number}{step}"
