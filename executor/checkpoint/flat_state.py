"""The state of a stage as one flat dictionary, whose keys do not depend on where the stage runs."""

import io
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

#: Prefixes of keys: ``job.<name>.stage.<number>.module.<parameter>`` and so on.
_MODULE, _STATE, _GROUPS = "module.", "optimizer.state.", "optimizer.groups"


def prefix_of(job: str, stage: int) -> str:
    """Return what all keys of a stage begin with."""
    return f"job.{job}.stage.{stage}."


def flatten(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a stage, as `StageRunner.state_dict` gives it, by flat keys without prefix."""
    flat = {f"{_MODULE}{name}": value for name, value in state["module"].items()}
    if "optimizer" in state:
        for number, fields in state["optimizer"]["state"].items():
            flat |= {f"{_STATE}{number}.{field}": value for field, value in fields.items()}
        flat[_GROUPS] = _as_tensor(state["optimizer"]["param_groups"])
    return flat


def unflatten(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `flatten` was given."""
    module = {key.removeprefix(_MODULE): value for key, value in flat.items() if key.startswith(_MODULE)}
    state: dict[str, Any] = {"module": module}
    if _GROUPS in flat:
        fields: dict[int, dict[str, Any]] = {}
        for key, value in flat.items():
            if key.startswith(_STATE):
                number, _, field = key.removeprefix(_STATE).partition(".")
                fields.setdefault(int(number), {})[field] = value
        state["optimizer"] = {"state": fields, "param_groups": _from_tensor(flat[_GROUPS])}
    return state


def _as_tensor(value: Any) -> Tensor:
    """Return nested plain values as bytes: torch's checkpoints would take them apart."""
    stream = io.BytesIO()
    torch.save(value, stream)
    return torch.frombuffer(bytearray(stream.getvalue()), dtype=torch.uint8)


def _from_tensor(tensor: Tensor) -> Any:
    return torch.load(io.BytesIO(bytes(tensor.tolist())), weights_only=True)
