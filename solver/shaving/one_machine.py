"""Compiled propagation of a device's time: one task after the other.

References
----------
P. Vilim, R. Bartak, O. Cepek, "Extension of O(n log n) filtering algorithms for the unary resource constraint
to optional activities", Constraints 10 (2005), doi:10.1007/s10601-005-2814-0: detectable precedences and edge
finding with trees.
"""

from gapweave.solver.compiled import compiled
from gapweave.solver.shaving.sorting import sort
from gapweave.solver.shaving.theta_tree import NEVER, culprit, empty, end_without, fill, leaves_for, lift, put

#: So often is a tree gone up per task, counted as a step per level.
_CLIMBS = 4


def steps_per_pass(tasks: int) -> int:
    """Return as how many steps `raise_starts` counts on a device with so many tasks."""
    return _CLIMBS * tasks * leaves_for(tasks).bit_length()


@compiled
def raise_starts(side, early, late, device):  # type: ignore[no-untyped-def]
    """Raise the earliest starts of one device's tasks by detectable precedences and edge finding.

    The scratch's ``changed`` names those that rose; returns how many, or -1 at a contradiction.
    """
    relaxation, scratch = side.relaxation, side.scratch
    duration, start, changed = relaxation.duration, scratch.start, scratch.changed
    first, last = relaxation.device_pointer[device], relaxation.device_pointer[device + 1]
    if first == last:
        return 0
    by_start, by_end = scratch.order.starts[first:last], scratch.order.ends[first:last]
    by_due, by_latest_start = scratch.mirrored.starts[first:last], scratch.mirrored.ends[first:last]
    for node in by_start:
        scratch.key[node] = early[node] + duration[node]
    sort(by_start, early)
    sort(by_end, scratch.key)
    for node in by_start:
        scratch.key[node] = late[node] + duration[node]
    sort(by_due, late)
    sort(by_latest_start, scratch.key)
    leaves, levels = 1, 1
    while leaves < len(by_start):
        leaves, levels = 2 * leaves, levels + 1
    for place in range(len(by_start)):
        scratch.leaf[by_start[place]] = leaves + place
        start[by_start[place]] = early[by_start[place]]
    scratch.work[0] += _CLIMBS * len(by_start) * levels
    _detect_precedences(scratch, duration, early, late, leaves, by_end, by_latest_start)
    if not _find_edges(scratch, duration, early, late, leaves, by_start, by_due):
        return -1
    count = 0
    for node in by_start:
        if start[node] > early[node]:
            if start[node] + duration[node] + late[node] > 0:
                return -1
            early[node] = start[node]
            changed[count] = node
            count += 1
    return count


@compiled
def _detect_precedences(scratch, duration, early, late, leaves, by_end, by_latest_start):  # type: ignore[no-untyped-def]
    """What cannot begin after a task's earliest end comes before it: it starts once all that is done.

    ``by_latest_start`` is in order of the mirror image: what must start first comes last.
    """
    tree, leaf, start = scratch.tree, scratch.leaf, scratch.start
    load, end = tree.load, tree.end
    empty(tree, leaves)
    waiting = len(by_latest_start) - 1
    for node in by_end:
        earliest_end = early[node] + duration[node]
        while waiting >= 0:
            other = by_latest_start[waiting]
            if earliest_end <= -late[other] - duration[other]:
                break
            put(load, end, leaf[other], duration[other], early[other] + duration[other])
            waiting -= 1
        is_in_set = earliest_end > -late[node] - duration[node]
        done = end_without(load, end, leaf[node]) if is_in_set else end[1]
        start[node] = max(start[node], done)


@compiled
def _find_edges(scratch, duration, early, late, leaves, by_start, by_due):  # type: ignore[no-untyped-def]
    """If a task and a set do not fit before the set's latest end, it comes after the set.

    For each latest end, sets are of what ends by it; what ends later is marked in the tree. Returns False if
    a set does not fit.
    """
    tree, leaf, start = scratch.tree, scratch.leaf, scratch.start
    load, end, load_with, end_with = tree.load, tree.end, tree.load_with, tree.end_with
    for node in by_start:  # what has no task is empty since precedences were looked at
        load[leaf[node]], end[leaf[node]] = duration[node], early[node] + duration[node]
    fill(tree, leaves)
    for place in range(len(by_due)):
        node = by_due[place]
        if end[1] > -late[node]:
            return False
        if place + 1 == len(by_due):
            break
        load[leaf[node]], end[leaf[node]] = 0, NEVER
        lift(tree, leaf[node])
        due = -late[by_due[place + 1]]
        while end[1] <= due < end_with[1]:
            found = culprit(tree, leaves)
            other = by_start[found - leaves]
            start[other] = max(start[other], end[1])
            load_with[found], end_with[found] = 0, NEVER
            lift(tree, found)
    return True
