"""Parameters by their digests: equal exactly if every bit is."""

from collections.abc import Mapping
from hashlib import sha256
from typing import TypeAlias

from torch import Tensor, nn

from gapweave.executor.runtime.stage_protocol import Stages

#: ``{"<job>/<stage>/<parameter>": digest}``
Digests: TypeAlias = dict[str, str]


def parameter_digests(stages: Stages) -> Digests:
    """Return the digest of every parameter of the stages."""
    digests: Digests = {}
    for (job, stage), runner in sorted(stages.items()):
        digests |= module_digests(job, stage, dict(runner.module.named_parameters()))
    return digests


def module_digests(job: int, stage: int, parameters: Mapping[str, Tensor]) -> Digests:
    """Return the digest of every parameter of one stage."""
    return {f"{job}/{stage}/{name}": tensor_digest(value) for name, value in parameters.items()}


def tensor_digest(tensor: Tensor | nn.Parameter) -> str:
    """Return a digest of shape, type and bytes."""
    import torch

    plain = tensor.detach().cpu().contiguous()
    digest = sha256(f"{tuple(plain.shape)} {plain.dtype}".encode())
    digest.update(plain.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
