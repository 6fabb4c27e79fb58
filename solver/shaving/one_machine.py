"""Compiled propagation of a device's time: one task after the other.

References
----------
P. Baptiste, C. Le Pape, W. Nuijten, "Constraint-Based Scheduling", Kluwer 2001: edge finding in quadratic
time. P. Vilim, "O(n log n) filtering algorithms for unary resource constraint", CPAIOR 2004: detectable
precedences.
"""

from gapweave.solver.compiled import compiled
from gapweave.solver.shaving.sorting import sort

_NEVER = 2**60


@compiled
def raise_starts(side, early, late, device):  # type: ignore[no-untyped-def]
    """Raise the earliest starts of one device's tasks by detectable precedences and edge finding.

    The scratch's ``changed`` names those that rose; returns how many, or -1 at a contradiction.
    """
    relaxation, scratch = side.relaxation, side.scratch
    pointer, duration = relaxation.device_pointer, relaxation.duration
    order = scratch.order.tasks[pointer[device] : pointer[device + 1]]
    sort(order, early)
    start, count = scratch.start, 0
    for place in range(len(order)):
        start[place] = early[order[place]]
    _detect_precedences(duration, early, late, order, start)
    if not _find_edges(duration, early, late, order, start, scratch.after):
        return -1
    scratch.work[0] += len(order) * len(order)
    for place in range(len(order)):
        node = order[place]
        if start[place] > early[node]:
            if start[place] + duration[node] + late[node] > 0:
                return -1
            early[node] = start[place]
            scratch.changed[count] = node
            count += 1
    return count


@compiled
def _detect_precedences(duration, early, late, order, start):  # type: ignore[no-untyped-def]
    """What cannot begin after a task's earliest end comes before it: it starts once all that is done."""
    for place in range(len(order)):
        node = order[place]
        earliest_end, done = early[node] + duration[node], -_NEVER
        for other in order:
            if other != node and earliest_end > -late[other] - duration[other]:
                done = max(done, early[other]) + duration[other]
        start[place] = max(start[place], done)


@compiled
def _find_edges(duration, early, late, order, start, after):  # type: ignore[no-untyped-def]
    """If a task and a set do not fit before the set's latest end, it comes after the set.

    For each latest end, sets are what ends by it and begins from some time on. Returns False if a set does
    not fit.
    """
    for last in order:
        due, work, done = -late[last], 0, -_NEVER
        for place in range(len(order) - 1, -1, -1):
            node = order[place]
            if -late[node] <= due:
                work += duration[node]
                done = max(done, early[node] + work)
            after[place] = done
        if done > due:
            return False
        full = -_NEVER
        for place in range(len(order)):
            node = order[place]
            if -late[node] <= due:
                full = max(full, early[node] + work)
                work -= duration[node]
                continue
            if early[node] + work + duration[node] > due:
                start[place] = max(start[place], after[place])
            if full + duration[node] > due:
                start[place] = max(start[place], done)
    return True
