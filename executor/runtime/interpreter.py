"""The interpreter: carries out the program of one rank, action by action, from a table bound once."""

from collections.abc import Mapping, Sequence
from time import perf_counter_ns

from gapweave.executor.program import Program
from gapweave.executor.runtime.bound_actions import BoundActions
from gapweave.executor.runtime.deadlines import Deadlines
from gapweave.executor.runtime.fault import ActionFailed
from gapweave.executor.runtime.gradient_clipping import GradientClipping
from gapweave.executor.runtime.record import ACTION_WORD, Record
from gapweave.executor.runtime.stage_protocol import Stages
from gapweave.executor.runtime.transport import Transport


class Interpreter:
    """One rank: its program, bound to its stages and its channels.

    Parameters
    ----------
    stages
        The stages that run on this rank, by (job, stage).
    steps
        Steps of each job in one repetition of the program.
    clipping
        For each job with an ``optimizer_barrier``, how the norm of its gradient is put together.

    Attributes
    ----------
    table
        What carries out each action, in the order of the program.
    """

    def __init__(
        self,
        program: Program,
        stages: Stages,
        transport: Transport,
        record: Record,
        deadlines: Deadlines,
        steps: Sequence[int],
        clipping: Mapping[int, GradientClipping],
    ) -> None:
        self.program = program
        self.stages = stages
        self.record = record
        self._transport = transport
        self._deadlines = deadlines
        self._steps = steps
        self._clipping = clipping
        self._first_step = [0] * len(steps)
        bound = BoundActions(program, stages, transport, deadlines, clipping, self._first_step)
        self.table = [bound.bind(index, action) for index, action in enumerate(program.actions)]

    def run(self, repetition: int, first: int = 0) -> None:
        """Carry out the whole program once.

        Parameters
        ----------
        repetition
            How often the program ran before in this run.
        first
            How often it ran in earlier runs that this one goes on from.

        Raises
        ------
        ActionFailed
            An action failed; names rank and action.
        """
        word = self.begin(repetition, first)
        words, now, action_word = self.record.words, perf_counter_ns, ACTION_WORD
        index = 0
        try:
            for index, perform in enumerate(self.table):
                words[action_word] = index
                words[word] = now()
                perform()
                words[word + 1] = now()
                word += 2
        except (Exception, SystemExit) as exc:
            raise self.failure(index, exc) from exc
        self.end(repetition)

    def begin(self, repetition: int, first: int = 0) -> int:
        """Begin a repetition; return the record's word for the begin of its first action."""
        for job, steps in enumerate(self._steps):
            self._first_step[job] = (first + repetition) * steps
        for clipping in self._clipping.values():
            clipping.begin()
        return self.record.begin(repetition, first)

    def end(self, repetition: int) -> None:
        """End a repetition: wait until every message has left, and note that it is complete."""
        actions = len(self.table)
        self.record.words[ACTION_WORD] = actions
        try:
            self._transport.finish(self._deadlines.end)
        except (Exception, SystemExit) as exc:
            raise self.failure(actions - 1, exc) from exc
        self.record.complete(repetition)
        self._deadlines.learn(self.record.seconds(repetition))

    def failure(self, index: int, cause: BaseException) -> ActionFailed:
        """Return the error that says which action failed, and why."""
        return ActionFailed(self.program, index, self.record.resumed + self.record.repetition, cause)
