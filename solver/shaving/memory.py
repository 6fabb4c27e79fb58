"""Compiled propagation of a device's memory: what is certainly held at a time leaves no room for more.

A hold claims its amount no later than ``begin`` and releases it no sooner than ``end``: between these two it
certainly is there. As long as that leaves too little room, another hold that ends later cannot have begun.

References
----------
P. Baptiste, C. Le Pape, W. Nuijten, "Constraint-Based Scheduling", Kluwer 2001: the timetable of a
cumulative resource, here of intervals whose lengths are not fixed.
"""

from gapweave.solver.compiled import compiled
from gapweave.solver.shaving.sorting import sort


@compiled
def raise_claims(side, early, late, device, count):  # type: ignore[no-untyped-def]
    """Raise the earliest starts of tasks that claim memory of one device.

    They follow the first ``count`` in the scratch's ``changed``; returns how many there are then, or -1 at a
    contradiction.
    """
    holds, duration, scratch = side.relaxation.holds, side.relaxation.duration, side.scratch
    first, last = holds.pointer[device], holds.pointer[device + 1]
    if first == last:
        return count
    begin, end = scratch.begin, scratch.end
    for hold in range(first, last):
        begin[hold] = -late[holds.claim[hold]] - duration[holds.claim[hold]]
        end[hold] = early[holds.release[hold]] + duration[holds.release[hold]]
    sort(scratch.order.claims[first:last], begin)
    sort(scratch.order.releases[first:last], end)
    times = _full_times(holds, scratch, device)
    scratch.work[0] += 4 * (last - first)
    if times <= 0:
        return count if times == 0 else -1
    for hold in range(first, last):
        claim, room = holds.claim[hold], holds.free[device] - holds.amount[hold]
        before, place = min(begin[hold], end[hold]), times - 1
        while place >= 0 and early[claim] < min(before, scratch.full_until[place]):
            scratch.work[0] += 1
            if scratch.full_since[place] < before and scratch.full_held[place] > room:
                early[claim] = min(scratch.full_until[place], before)
                scratch.changed[count] = claim
                count += 1
                break
            place -= 1
    return count


@compiled
def _full_times(holds, scratch, device):  # type: ignore[no-untyped-def]
    """Find when the greatest amount does not fit in; returns how often, -1 if even what is held does not."""
    first, last = holds.pointer[device], holds.pointer[device + 1]
    begin, end, begins, ends = scratch.begin, scratch.end, scratch.order.claims, scratch.order.releases
    free, greatest = holds.free[device], holds.greatest[device]
    held, times, since, entering, leaving = 0, 0, 0, first, first
    while leaving < last:
        out = ends[leaving]
        if begin[out] >= end[out]:
            leaving += 1
            continue
        while entering < last and begin[begins[entering]] >= end[begins[entering]]:
            entering += 1
        is_claim = entering < last and begin[begins[entering]] < end[out]
        now = begin[begins[entering]] if is_claim else end[out]
        if held + greatest > free and now > since:
            if held > free:
                return -1
            scratch.full_since[times], scratch.full_until[times], scratch.full_held[times] = since, now, held
            times += 1
        since = now
        if is_claim:
            held += holds.amount[begins[entering]]
            entering += 1
        else:
            held -= holds.amount[out]
            leaving += 1
    return times
