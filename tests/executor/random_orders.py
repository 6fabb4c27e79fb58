"""Schedules whose tasks come in any order that the rules allow, so that takes and sends differ in order."""

from random import Random
from typing import Any

from schedule_factory import make_instance, ordered_schedule, random_instance, random_schedule

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task
from gapweave.models.task_graph import task_graph


def adversarial_schedule(seed: int) -> Schedule:
    """One to three jobs, split or not, with and without barrier, on any placement.

    One case in four is of one or two steps per job in a common order; in the others every order is random.
    """
    rng = Random(seed)
    if seed % 4 == 0:
        instance = random_instance(rng, jobs=rng.randint(1, 3))
        return random_schedule(rng, instance)
    devices = rng.randint(2, 4)
    instance = make_instance(*(_job(rng, devices) for _ in range(rng.randint(1, 3))), devices=devices)
    return ordered_schedule(instance, random_order(instance, rng))


def random_order(instance: Instance, rng: Random) -> list[Task]:
    """Any order of all tasks that the rules allow, microbatches in any order too."""
    graph = task_graph(instance)
    left = {task: graph.in_degree(task) for task in graph}
    ready = [task for task, before in left.items() if not before]
    order = []
    while ready:
        task = ready.pop(rng.randrange(len(ready)))
        if "device" in graph.nodes[task] and graph.nodes[task]["device"] is not None:
            order.append(task)
        for after in graph.successors(task):
            left[after] -= 1
            if not left[after]:
                ready.append(after)
    return order


def _job(rng: Random, devices: int) -> dict[str, Any]:
    same = list(range(devices))
    placement = rng.choice(
        [same, same[::-1], same[1:] + same[:1], same + same[::-1], same + same, rng.choices(same, k=3)]
    )
    split = {"weight": 2} if rng.random() < 0.5 else {}
    return {
        "microbatches": rng.randint(2, 5),
        "optimizer_barrier": rng.random() < 0.4,
        "forward_transfer": rng.randint(0, 2),
        "stages": [
            {"device": device, "forward": rng.randint(1, 3), "backward": rng.randint(1, 3)} | split
            for device in placement
        ],
    }
