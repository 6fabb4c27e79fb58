"""What the executor's interpreter costs per action, beside torch's own pipeline runtime.

One process runs every stage of one model in one order, once by each runtime, so that nothing is sent and no
rank waits. ``alone``: the stages compute nothing, so that only the runtime is left (torch's also sums the
loss, in one task of eight). ``with autograd``: every stage multiplies by one number, forward and backward;
what these cost when called in a plain loop is subtracted. The fastest of several rounds counts.

Run from the top of the repository: ``python -m benchmarks.executor_overhead``.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.pipelining import PipelineStage
from torch.distributed.pipelining.schedules import _Action, _ComputationType, _PipelineScheduleRuntime

from gapweave.executor.program import Action, Program
from gapweave.executor.runtime.deadlines import Deadlines
from gapweave.executor.runtime.in_process import InProcessTransport
from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.record import Record
from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.stage import StageRunner

STAGES = 4
MICROBATCHES = 64
WIDTH = 8
ROUNDS = 30
CPU = torch.device("cpu")


class Scale(nn.Module):
    """Multiplies by one number: as little as a stage with a parameter can do."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def order() -> Iterator[tuple[str, int, int]]:
    """Kind, stage and microbatch of every task: each microbatch forward, the one before it backward."""
    for microbatch in range(MICROBATCHES + 1):
        if microbatch < MICROBATCHES:
            yield from (("F", stage, microbatch) for stage in range(STAGES))
        if microbatch:
            yield from (("B", stage, microbatch - 1) for stage in reversed(range(STAGES)))


TASKS = tuple(order())
INPUTS = tuple(torch.ones(1, WIDTH) for _ in range(MICROBATCHES))


def loss_of(output: Tensor, target: Tensor) -> Tensor:
    return output.sum()


class IdleStage:
    """A stage of gapweave that computes nothing."""

    device = CPU
    module = nn.Identity()
    input_signature = output_signature = (INPUTS[0],)

    def forward(self, step: int, microbatch: int, inputs: Sequence[Tensor] | None) -> Sequence[Tensor]:
        return INPUTS[:1]

    def backward(
        self, step: int, microbatch: int, output_gradients: Sequence[Tensor] | None, split: bool
    ) -> Sequence[Tensor]:
        return INPUTS[:1]

    def weight(self, step: int, microbatch: int) -> None: ...

    def optimizer_step(self, step: int, clip_factor: Tensor | None) -> None: ...

    def squared_norm(self) -> Tensor:
        return INPUTS[0]

    def losses(self, step: int) -> Sequence[float]:
        return ()

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class IdlePipelineStage(PipelineStage):
    """A stage of torch that computes nothing."""

    def forward_one_chunk(self, *args: Any, **kwargs: Any) -> Tensor:
        return INPUTS[0]

    def backward_one_chunk(self, *args: Any, **kwargs: Any) -> None:
        self.bwd_cache[args[0]] = INPUTS[:1]


def _stage(job: TrainingJob, stage: int) -> StageRunner:
    return StageRunner(job, 0, STAGES, stage, CPU, microbatches=MICROBATCHES)


def gapweave_step(idle: bool) -> Callable[[], None]:
    """Return what runs all tasks once by gapweave's interpreter."""
    actions = [Action("run", kind, 0, 0, stage, microbatch) for kind, stage, microbatch in TASKS]
    job = TrainingJob(
        [Scale() for _ in range(STAGES)],
        loss_of,
        lambda parameters: torch.optim.SGD(parameters, lr=0.0),
        lambda step, index: (INPUTS[index], INPUTS[index]),
    )
    stages = {
        (0, stage): IdleStage()
        if idle
        else StageRunner(job, 0, STAGES, stage, CPU, microbatches=MICROBATCHES)
        for stage in range(STAGES)
    }
    interpreter = Interpreter(
        Program(0, 1, "", tuple(actions)),
        stages,
        InProcessTransport(0, {}),  # type: ignore[arg-type]
        Record.create(len(actions), 1),
        Deadlines([0] * len(actions), 1),
        [1],
        {},
    )

    def step() -> None:
        interpreter.run(0)
        for stage in stages.values():
            stage.losses(0)
        if not idle:
            for runner in stages.values():
                runner.module.zero_grad()

    return step


def torch_step(idle: bool) -> Callable[[], None]:
    """Return what runs all tasks once by torch's runtime."""
    kinds = {"F": _ComputationType.FORWARD, "B": _ComputationType.FULL_BACKWARD}
    made = IdlePipelineStage if idle else PipelineStage
    stages = [made(Scale(), stage, STAGES, CPU) for stage in range(STAGES)]
    schedule = _PipelineScheduleRuntime(stages, MICROBATCHES, loss_fn=loss_of, scale_grads=False)
    schedule._prepare_schedule_with_comms(
        {0: [_Action(stage, kinds[kind], microbatch) for kind, stage, microbatch in TASKS]}
    )
    batch = torch.cat(INPUTS)

    def step() -> None:
        schedule.step(batch, target=batch, return_outputs=False)
        for stage in stages:
            stage.submod.zero_grad()

    return step


def direct_step() -> Callable[[], None]:
    """Return what makes the calls of the model in a plain loop."""
    modules = [Scale() for _ in range(STAGES)]

    def step() -> None:
        live: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}
        for kind, stage, microbatch in TASKS:
            if kind == "F":
                before = live[stage - 1, microbatch][1].detach() if stage else INPUTS[microbatch]
                inputs = before.requires_grad_(stage > 0)
                output = modules[stage](inputs)
                last = stage == STAGES - 1
                live[stage, microbatch] = inputs, loss_of(output, inputs) if last else output
            else:
                output = live[stage, microbatch][1]
                after = live.get((stage + 1, microbatch))
                torch.autograd.backward(output, None if after is None else after[0].grad)
        for module in modules:
            module.zero_grad()

    return step


def fastest_us(steps: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the shortest time of each, per task, in microseconds; measured in turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_number in range(ROUNDS + 3):
        for name, step in steps.items():
            begin = time.perf_counter()
            step()
            if round_number >= 3:
                times[name].append((time.perf_counter() - begin) / len(TASKS) * 1e6)
    return {name: min(values) for name, values in times.items()}


@contextmanager
def one_rank() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        dist.init_process_group(
            "gloo", store=dist.FileStore(os.path.join(folder, "store"), 1), rank=0, world_size=1
        )
        yield
        dist.destroy_process_group()


def measured() -> dict[str, Any]:
    """Measure both runtimes in one run."""
    torch.set_num_threads(1)
    with one_rank():
        alone = fastest_us({"gapweave": gapweave_step(idle=True), "torch": torch_step(idle=True)})
        computing = fastest_us(
            {"gapweave": gapweave_step(idle=False), "torch": torch_step(idle=False), "direct": direct_step()}
        )
    direct = computing.pop("direct")
    return {
        "tasks": len(TASKS),
        "torch": torch.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "alone": alone,
        "with autograd": {name: total - direct for name, total in computing.items()},
        "direct": direct,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    result = measured()
    if parser.parse_args().json:
        print(json.dumps(result, indent=1))
        return
    print(f"{result['tasks']} tasks, torch {result['torch']}, {result['machine']}; us per task")
    for row in ("alone", "with autograd"):
        print(f"{row:14} gapweave {result[row]['gapweave']:6.1f}   torch {result[row]['torch']:6.1f}")
    print(f"{'plain loop':14} {result['direct']:6.1f} (subtracted above)")


if __name__ == "__main__":
    main()
