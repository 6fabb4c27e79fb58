"""Random instances of any size: pipelines whose stages take unequal times, with or without a memory limit."""

import numpy as np

from gapweave.instances.pipeline import row_of_devices
from gapweave.instances.recipe import CLAIM, Recipe
from gapweave.models.instance import Instance, Job, Stage, StageMemory

#: Units of memory that B frees if W follows, which frees the rest.
_FREED_BY_SPLIT_BACKWARD = 6


def make_instance(
    *,
    devices: int,
    microbatches: tuple[int, ...],
    reversed_order: bool = False,
    split: bool = False,
    spread: float = 0.15,
    transfer: int = 0,
    memory_microbatches: int | None = None,
    seed: int,
    name: str | None = None,
) -> Instance:
    """Make a random instance: one pipeline over all devices for each job, the same one for the same options.

    Every microbatch in flight holds 10 units of memory on its stage from the start of F: unsplit, to the
    end of B; split, 6 of them to the end of B and 4 to the end of W.

    Parameters
    ----------
    devices
        Devices, and stages of each job.
    microbatches
        One number for each job.
    reversed_order
        Every other job, from the second on, has its first stage on the last device.
    split
        Backward is split into B and W. F, B and W take 1000 ticks each on average; unsplit, B takes 2000.
    spread
        Durations are drawn uniformly from (1 - spread) to (1 + spread) times their average, for each kind
        on each stage, and rounded to the tick.
    transfer
        Ticks on every edge, in both directions.
    memory_microbatches
        Each device's memory capacity is 10 times this; None is unlimited.
    seed
        Of the random durations, >= 0.
    name
        Default: made of the options.

    Raises
    ------
    InvalidOption
        An argument is out of range, or the instance would exceed a limit of the format.
    """
    recipe = Recipe(devices, microbatches, reversed_order, split, spread, transfer, memory_microbatches, seed)
    random = np.random.default_rng(seed)
    return Instance(
        name=recipe.name if name is None else name,
        description=f"Random pipelines, {devices} stages, times within {100 * spread:g} % of the average.",
        source=f"synthetic: {recipe.command}",
        devices=row_of_devices(devices, recipe.capacity),
        jobs=tuple(_job(recipe, index, random) for index in range(len(microbatches))),
    )


def _job(recipe: Recipe, index: int, random: np.random.Generator) -> Job:
    order = range(recipe.devices)
    if recipe.reversed_order and index % 2:
        order = order[::-1]
    durations = _draw_durations(recipe, random)
    return Job(
        name=_job_name(index, len(recipe.microbatches)),
        microbatches=recipe.microbatches[index],
        stages=tuple(_stage(device, *ticks) for device, ticks in zip(order, durations, strict=True)),
        forward_transfer=recipe.transfer,
        backward_transfer=recipe.transfer,
    )


def _draw_durations(recipe: Recipe, random: np.random.Generator) -> list[list[int]]:
    """Draw the ticks of each kind of task on each stage, shape (stages, kinds)."""
    shape = (recipe.devices, len(recipe.means))
    factors = random.uniform(1 - recipe.spread, 1 + recipe.spread, shape)
    ticks: list[list[int]] = np.maximum(np.rint(factors * recipe.means).astype(np.int64), 1).tolist()
    return ticks


def _stage(device: int, forward: int, backward: int, weight: int | None = None) -> Stage:
    freed = CLAIM if weight is None else _FREED_BY_SPLIT_BACKWARD
    memory = StageMemory(forward=CLAIM, backward=-freed, weight=freed - CLAIM)
    return Stage(device=device, forward=forward, backward=backward, weight=weight, memory=memory)


def _job_name(index: int, jobs: int) -> str:
    if index == 0:
        return "primary"
    return "secondary" if jobs == 2 else f"secondary-{index}"
