"""One stage of a job on its device: forward, backward and weight passes, and the optimizer."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gapweave.executor.training import autograd, gradient_norm
from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.memory import addresses, apart, own_gradients
from gapweave.executor.training.non_finite import NonFinite
from gapweave.executor.training.random_state import seed_forward, seed_parameters
from gapweave.executor.training.signature import Shape, as_tuple, described, output_signatures
from gapweave.models.errors import ExecutionFailed

_Key = tuple[int, int]


class _Passed(NamedTuple):
    """A microbatch between its forward and its backward pass."""

    inputs: tuple[Any, ...]
    outputs: tuple[Tensor, ...]
    given: set[int]


class _Postponed(NamedTuple):
    """A whole backward pass that waits for W: the inputs need no gradient, so nothing can be split off."""

    outputs: tuple[Tensor, ...]
    gradients: Sequence[Tensor] | None


class StageRunner:
    """Builds a stage and runs its tasks.

    Parameters
    ----------
    number
        Index of the job in its schedule.
    stages, stage
        How many stages the job has, and which one this is.
    microbatches
        Of the job in one step: the gradients are those of the mean loss.

    Attributes
    ----------
    module, optimizer
        The stage and what trains it.
    """

    def __init__(
        self,
        job: TrainingJob,
        number: int,
        stages: int,
        stage: int,
        device: torch.device,
        *,
        microbatches: int,
    ) -> None:
        self.job = job
        self.number = number
        self.stage = stage
        self.device = device
        self.module = build_stage(job, stage).to(device).train()
        self.parameters = [p for p in self.module.parameters() if p.requires_grad]
        self.optimizer = job.optimizer(self.parameters) if self.parameters else None
        self._is_first = stage == 0
        self._is_last = stage == stages - 1
        self._share = 1.0 / microbatches
        self._passed: dict[_Key, _Passed] = {}
        self._deferred: dict[_Key, autograd.Deferred | autograd.Roots | _Postponed] = {}
        self._given: dict[_Key, set[int]] = {}
        self._without_gradient = self.parameters
        self._losses: dict[int, dict[int, Tensor]] = {}

    @cached_property
    def _resident(self) -> set[int]:
        """Where parameters and buffers lie, which the optimizer and later passes change."""
        return addresses([*self.module.parameters(), *self.module.buffers()])

    @cached_property
    def _signatures(self) -> list[tuple[Shape, ...]]:
        return output_signatures(self.job, self.stage + (not self._is_last))

    @property
    def input_signature(self) -> tuple[Shape, ...]:
        """What the stage before sends; () on the first stage."""
        return () if self._is_first else self._signatures[self.stage - 1]

    @property
    def output_signature(self) -> tuple[Shape, ...]:
        """What goes to the next stage; () on the last stage."""
        return () if self._is_last else self._signatures[self.stage]

    def forward(self, step: int, microbatch: int, inputs: Sequence[Tensor] | None) -> tuple[Tensor, ...]:
        """Run the forward pass of one microbatch.

        Parameters
        ----------
        step
            Of the training, counted from 0.
        inputs
            What the stage before sent; None on the first stage.

        Returns
        -------
        tuple of Tensor
            What the next stage needs, without history and in no memory that the stage was given; () on the
            last stage, which keeps its loss.
        """
        own_inputs = self._data(step, microbatch, 0) if inputs is None else tuple(map(_leaf, inputs))
        seed_forward(self.job.seed, step, self.stage, microbatch)
        outputs = as_tuple(self.module(*own_inputs))
        if self._is_last:
            outputs = (self._scaled_loss(outputs, step, microbatch),)
        given = addresses(own_inputs)
        outputs = tuple(
            output.clone() if output._is_view() else apart(output, given, self._resident)
            for output in outputs
        )
        self._passed[step, microbatch] = _Passed(own_inputs, outputs, given)
        return () if self._is_last else tuple(output.detach() for output in outputs)

    def backward(
        self, step: int, microbatch: int, output_gradients: Sequence[Tensor] | None, split: bool
    ) -> tuple[Tensor, ...]:
        """Run the backward pass; with ``split`` only that of the inputs.

        Parameters
        ----------
        output_gradients
            What the next stage sent; None on the last stage.

        Returns
        -------
        tuple of Tensor
            The gradients of the inputs, for the stage before, in no memory that the stage was given; () on
            the first stage.
        """
        inputs, outputs, given = self._passed.pop((step, microbatch))
        if self._is_last:
            output_gradients = None
        given |= addresses(output_gradients or ())
        learning = [value for value in inputs if isinstance(value, Tensor) and value.requires_grad]
        if split:
            self._given[step, microbatch] = given
        if not split:
            gradients = autograd.whole_backward(outputs, output_gradients, learning)
        elif not learning:
            self._deferred[step, microbatch] = _Postponed(outputs, output_gradients)
            return ()
        else:
            gradients, deferred = autograd.input_backward(
                outputs, output_gradients, learning, self.parameters
            )
            self._deferred[step, microbatch] = deferred
        handed_on = tuple(
            torch.zeros_like(value) if gradient is None else apart(gradient, given, self._resident)
            for value, gradient in zip(learning, gradients, strict=True)
        )
        if self._without_gradient:
            given |= addresses(handed_on)
            if not split:
                self._without_gradient = own_gradients(self._without_gradient, given)
        return () if self._is_first else handed_on

    def weight(self, step: int, microbatch: int) -> None:
        """Add the gradients of the weights that a split backward left."""
        deferred, given = self._deferred.pop((step, microbatch)), self._given.pop((step, microbatch))
        if isinstance(deferred, _Postponed):
            autograd.whole_backward(deferred.outputs, deferred.gradients, [])
        elif self.parameters:
            autograd.weight_backward(self.parameters, deferred)
        if self._without_gradient:
            self._without_gradient = own_gradients(self._without_gradient, given)

    def deferred(self, step: int, microbatch: int) -> object:
        """Return what a split backward pass keeps for W, for those who measure it."""
        return self._deferred[step, microbatch]

    def squared_norm(self) -> Tensor:
        """Return the sum of the squares of all gradients, shape ()."""
        return gradient_norm.squared_norm(self.parameters)

    def optimizer_step(self, step: int, clip_factor: Tensor | None = None) -> None:
        """Change the parameters by their gradients, and forget the gradients.

        Raises
        ------
        NonFinite
            A loss or a gradient of this step is not finite; no parameter of this stage was changed.
        """
        self._require_finite(step)
        if self.optimizer is None:
            return
        if clip_factor is not None:
            for parameter in self.parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(clip_factor.to(parameter.grad.device))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._without_gradient = self.parameters

    def losses(self, step: int) -> list[float]:
        """Return the losses of a step's microbatches and forget them; [] except on the last stage."""
        return [float(loss) for _, loss in sorted(self._losses.pop(step, {}).items())]

    def state_dict(self) -> dict[str, Any]:
        """Return parameters, buffers and the optimizer's state."""
        state: dict[str, Any] = {"module": self.module.state_dict()}
        if self.optimizer is not None:
            state["optimizer"] = self.optimizer.state_dict()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned, and forget the gradients of a step that was not completed."""
        for parameter in self.parameters:
            parameter.grad = None
        self._without_gradient = self.parameters
        self.module.load_state_dict(state["module"])
        if self.optimizer is not None:
            self.optimizer.load_state_dict(state["optimizer"])

    def _data(self, step: int, microbatch: int, part: int) -> tuple[Any, ...]:
        """Return inputs (part 0) or target (part 1) of a microbatch on this device."""
        values = as_tuple(self.job.microbatch(step, microbatch)[part])
        return tuple(value.to(self.device) if isinstance(value, Tensor) else value for value in values)

    def _scaled_loss(self, outputs: tuple[Any, ...], step: int, microbatch: int) -> Tensor:
        target = self._data(step, microbatch, 1)
        loss = self.job.loss(_single(outputs), _single(target))
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            raise ExecutionFailed(f"job {self.number}: expected a loss of one element, got {described(loss)}")
        self._losses.setdefault(step, {})[microbatch] = loss.detach()
        return loss * self._share

    def _require_finite(self, step: int) -> None:
        for microbatch, loss in self._losses.get(step, {}).items():
            if not torch.isfinite(loss):
                raise NonFinite(f"the loss of microbatch {microbatch}", self.number, step, self.stage)
        if torch.isfinite(self.squared_norm()):
            return
        for name, parameter in self.module.named_parameters():
            if parameter.grad is not None and not torch.isfinite(parameter.grad).all():
                raise NonFinite(f"the gradient of {name}", self.number, step, self.stage)


def build_stage(job: TrainingJob, stage: int) -> nn.Module:
    """Return the module of a stage, its parameters drawn under the job's seed if a function builds it."""
    source = job.stages[stage]
    if isinstance(source, nn.Module):
        return source
    seed_parameters(job.seed, stage)
    return source()


def _leaf(tensor: Tensor) -> Tensor:
    return tensor.detach().requires_grad_()


def _single(values: tuple[Any, ...]) -> Any:
    return values[0] if len(values) == 1 else values
