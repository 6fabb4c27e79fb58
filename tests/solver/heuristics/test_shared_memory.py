"""Shares of the memory: enough for one microbatch each, and never more than there is."""

from hypothesis import given
from hypothesis import strategies as st
from random_problems import instances, law

from gapweave.models.instance import Instance
from gapweave.solver.heuristics.shared_memory import with_shares
from gapweave.solver.room import free_capacities


@law
@given(instances(), st.data())
def test_shares_add_up_to_what_there_is_and_hold_one_microbatch_of_every_stage(
    instance: Instance, data: st.DataObject
) -> None:
    free = free_capacities(instance)
    peaks = [[data.draw(st.integers(0, room or 9)) for room in free] for _ in instance.jobs]
    least = [[one_of_each(instance, job, d) for d in range(len(free))] for job in range(len(instance.jobs))]
    shared = with_shares(instance, peaks)
    if shared is None:
        assert fits(free, peaks) or not fits(free, least)
        return
    for device, room in enumerate(free):
        shares = [free_capacities(one)[device] for one in shared]
        if room is None:
            assert shares == [None] * len(shares)
        else:
            assert sum(share or 0 for share in shares) <= room
            assert all((share or 0) >= own[device] for share, own in zip(shares, least, strict=True))


def one_of_each(instance: Instance, job: int, device: int) -> int:
    return sum(stage.memory.peak for stage in instance.jobs[job].stages if stage.device == device)


def fits(free: list[int | None], levels: list[list[int]]) -> bool:
    together = [sum(level) for level in zip(*levels, strict=True)]
    return all(room is None or level <= room for room, level in zip(free, together, strict=True))
