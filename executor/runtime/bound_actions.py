"""The actions of a program as callables, bound to the stages and channels of their rank.

What passes between actions (activations, gradients, norms) lies in slots, one per message: the task that
produces it, or the action that takes it from another rank, fills the slot; the task that consumes it, or the
action that sends it, empties it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from torch import Tensor

from gapweave.executor.program import Action, Program
from gapweave.executor.runtime.deadlines import Deadlines
from gapweave.executor.runtime.gradient_clipping import GradientClipping
from gapweave.executor.runtime.receive_buffers import ReceiveBuffers
from gapweave.executor.runtime.stage_protocol import Stages
from gapweave.executor.runtime.transport import Transport

#: Kind, job, step, producing stage and microbatch of a message.
SlotKey: TypeAlias = tuple[str, int, int, int, int | None]
Perform: TypeAlias = Callable[[], None]


class BoundActions:
    """Makes the callable of each action.

    Parameters
    ----------
    first_step
        For each job the training step that is step 0 of the program; read whenever an action runs.
    """

    def __init__(
        self,
        program: Program,
        stages: Stages,
        transport: Transport,
        deadlines: Deadlines,
        clipping: Mapping[int, GradientClipping],
        first_step: Sequence[int],
    ) -> None:
        self._stages = stages
        self._transport = transport
        self._seconds = deadlines.seconds
        self._clipping = clipping
        self._first_step = first_step
        self._slots: dict[SlotKey, Sequence[Tensor]] = {}
        self._buffers = ReceiveBuffers(stages)
        self._split = {(action.job, action.stage) for action in program.actions if action.kind == "W"}

    def bind(self, index: int, action: Action) -> Perform:
        """Return what carries out the action at an index of the program."""
        if action.op == "run":
            makers = {"F": self._forward, "B": self._backward, "W": self._weight, "O": self._optimizer}
            return makers[action.kind](action)
        if action.op == "take":
            return self._take(index, action)
        if action.op == "post":
            return self._post(action)
        senders = {"N": self._send_norm, "S": self._send_factor}
        return senders.get(action.kind, self._send)(action)

    def _forward(self, action: Action) -> Perform:
        job, step, stage, microbatch = _numbers(action)
        slots, first, forward = self._slots, self._first_step, self._stages[job, stage].forward
        source, target = ("F", job, step, stage - 1, microbatch), ("F", job, step, stage, microbatch)

        def first_stage() -> None:
            slots[target] = forward(first[job] + step, microbatch, None)

        def later_stage() -> None:
            slots[target] = forward(first[job] + step, microbatch, slots.pop(source))

        return later_stage if stage else first_stage

    def _backward(self, action: Action) -> Perform:
        job, step, stage, microbatch = _numbers(action)
        slots, first, backward = self._slots, self._first_step, self._stages[job, stage].backward
        split = (job, stage) in self._split
        source, target = ("B", job, step, stage + 1, microbatch), ("B", job, step, stage, microbatch)

        def perform() -> None:
            slots[target] = backward(first[job] + step, microbatch, slots.pop(source, None), split)

        return perform

    def _weight(self, action: Action) -> Perform:
        job, step, stage, microbatch = _numbers(action)
        weight, first = self._stages[job, stage].weight, self._first_step
        return lambda: weight(first[job] + step, microbatch)

    def _optimizer(self, action: Action) -> Perform:
        job, step, first = action.job, action.step, self._first_step
        optimizer_step = self._stages[job, action.stage].optimizer_step
        if job not in self._clipping:
            return lambda: optimizer_step(first[job] + step, None)
        factor = self._factor(action)
        return lambda: optimizer_step(first[job] + step, factor())

    def _factor(self, action: Action) -> Callable[[], Tensor | None]:
        """Return how a stage gets its job's clipping factor: computed on this rank, or received."""
        job, step, slots, clipping = action.job, action.step, self._slots, self._clipping[action.job]
        if (job, 0) in self._stages:
            return lambda: clipping.factor(step, lambda stage: self._squared_norm(job, step, stage))
        received = ("S", job, step, action.stage, None)
        return lambda: clipping.received(slots.pop(received)[0])

    def _squared_norm(self, job: int, step: int, stage: int) -> Tensor:
        own = self._stages.get((job, stage))
        return self._slots.pop(("N", job, step, stage, None))[0] if own is None else own.squared_norm()

    def _send(self, action: Action) -> Perform:
        send, slots, key = self._transport.send, self._slots, action[1:6]
        expected = self._buffers.sent(action)

        def perform() -> None:
            tensors = slots.pop(key)
            expected.require(tensors)
            send(action, tensors)

        return perform

    def _send_norm(self, action: Action) -> Perform:
        send, stage = self._transport.send, self._stages[action.job, action.stage]
        return lambda: send(action, (stage.squared_norm().to(stage.device),))

    def _send_factor(self, action: Action) -> Perform:
        send, factor, clipping = self._transport.send, self._factor(action), self._clipping[action.job]
        device = self._stages[action.job, 0].device
        return lambda: send(action, (clipping.message(factor(), device),))

    def _post(self, action: Action) -> Perform:
        post, buffers = self._transport.post, self._buffers.received(action)
        return lambda: post(action, buffers)

    def _take(self, index: int, action: Action) -> Perform:
        take, slots, key, seconds = self._transport.take, self._slots, action[1:6], self._seconds
        buffers = self._buffers.received(action)

        def perform() -> None:
            take(action, seconds[index])
            slots[key] = buffers

        return perform


def _numbers(action: Action) -> tuple[int, int, int, int]:
    assert action.microbatch is not None, action
    return action.job, action.step, action.stage, action.microbatch
