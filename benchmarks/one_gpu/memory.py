"""What stages hold on their device: for good, and for a microbatch from its forward to its backward."""

import torch

from gapweave.executor.profile.saved_memory import KeptStorages, resident_bytes
from gapweave.executor.runtime.virtual_devices.streams import Stream
from gapweave.executor.training.stage import StageRunner
from gapweave.models.instance import StageMemory

#: The instance counts in these: MiB.
_UNIT = 2**20
#: Share of a GPU's memory that plans may fill; the rest is for workspaces and for pools of streams.
_USABLE = 0.85


def memory_of(stage: StageRunner, stream: Stream) -> StageMemory:
    """Run one microbatch through a stage; count what it keeps, and what the stage holds after a step."""
    kept = KeptStorages((*stage.module.parameters(), *stage.module.buffers()))
    with stream.active():
        inputs = [
            torch.zeros(one.shape, dtype=one.dtype, device=stage.device) for one in stage.input_signature
        ]
        gradients = [
            torch.zeros(one.shape, dtype=one.dtype, device=stage.device) for one in stage.output_signature
        ]
        with kept.of_autograd():
            outputs = stage.forward(0, 0, inputs or None)
        kept.add((*inputs, *outputs))
        stage.backward(0, 0, gradients or None, False)
        stage.optimizer_step(0, None)
    stream.synchronize()
    forward = _units(kept.total)
    resident = _units(resident_bytes(stage.module, stage.optimizer))
    return StageMemory(resident=resident, forward=forward, backward=-forward)


def capacity(device: torch.device, parts: int) -> int | None:
    """Return the MiB that each of some equal parts of a GPU may hold; None on a CPU."""
    if device.type == "cpu":
        return None
    total = torch.cuda.get_device_properties(device).total_memory
    return int(_USABLE * total / parts / _UNIT)


def _units(count: int) -> int:
    return -(-count // _UNIT)
