"""One rank of torch's own pipelining runtime: trains a step of each schedule file, keeps the gradients.

Run as ``python torch_pipeline_rank.py RANK RANKS FOLDER``; in FOLDER, cases.json lists the files, each with
its stages and microbatches.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

WIDTH, ROWS = 6, 2


def stage_module(number: int) -> nn.Module:
    torch.manual_seed(number)
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH))


def batch(microbatches: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(microbatches)
    return tuple(torch.randn(ROWS * microbatches, WIDTH, generator=generator) for _ in range(2))


def main(rank: int, ranks: int, folder: Path) -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    store = dist.FileStore(str(folder / "store"), ranks)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=ranks)
    gradients = {}
    for name, stages, microbatches in json.loads((folder / "cases.json").read_text()):
        gradients[name] = one_step(rank, ranks, folder / name, stages, microbatches)
    torch.save(gradients, folder / f"gradients-{rank}.pt")
    dist.destroy_process_group()


def one_step(rank: int, ranks: int, file: Path, stages: int, microbatches: int) -> dict[int, list[Tensor]]:
    from torch.distributed.pipelining import PipelineStage
    from torch.distributed.pipelining.schedules import _PipelineScheduleRuntime

    own = sorted(
        {
            int("".join(filter(str.isdigit, cell.split(kind)[0])))
            for cell in file.read_text().splitlines()[rank].split(",")
            for kind in "FIWB"
            if kind in cell
        }
    )
    modules = {number: stage_module(number) for number in own}
    inputs, target = batch(microbatches)
    built = [PipelineStage(modules[number], number, stages, torch.device("cpu")) for number in own]
    runtime = _PipelineScheduleRuntime(built, microbatches, loss_fn=nn.functional.mse_loss)
    runtime._load_csv(str(file))
    runtime.step(*((inputs,) if 0 in own else ()), **({"target": target} if stages - 1 in own else {}))
    return {number: [p.grad.clone() for p in module.parameters()] for number, module in modules.items()}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
