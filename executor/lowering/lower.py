"""Lowering: schedule -> one program per rank, pass by pass."""

import hashlib
import json

from gapweave.executor.lowering.buffers import with_buffers
from gapweave.executor.lowering.channels import channels
from gapweave.executor.lowering.messages import with_messages
from gapweave.executor.lowering.orders import device_orders
from gapweave.executor.lowering.receives import with_posts
from gapweave.executor.program import Program
from gapweave.models.schedule import Schedule


def lower(schedule: Schedule, *, window: int = 2) -> tuple[Program, ...]:
    """Return the program of each device for one repetition of a schedule that keeps the rules.

    Parameters
    ----------
    window
        How many receives of a channel are posted ahead of the one that is waited for.
    """
    jobs, digest = schedule.instance.jobs, schedule_digest(schedule)
    actions = with_messages(schedule, device_orders(schedule))
    order = channels(actions)
    return tuple(
        Program(rank, len(actions), digest, tuple(with_buffers(jobs, with_posts(rank, own, order, window))))
        for rank, own in enumerate(actions)
    )


def schedule_digest(schedule: Schedule) -> str:
    """Return 16 hexadecimal digits that two schedules share only if instance and tasks are the same."""
    content = json.dumps([schedule.instance.to_document(), schedule.period, schedule.tasks], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
