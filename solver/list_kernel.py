"""The compiled loop of the list scheduler: arrays in, starts out."""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import allocating, compiled, inlined

_F, _B = 0, 1
_NEVER = 2**62


class Layout(NamedTuple):
    """What stays the same over all runs; ``*_ptr`` arrays cut flat ones into a slice per device or node.

    Attributes
    ----------
    starts, releases, in_degrees, devices
        Per node: pinned start or -1, job's release, number of predecessors, device or -1.
    successor_ptr, successors, lags
        Edges by their source.
    lane_ptr, lane_kind, lane_duration, lane_first, lane_stop, lane_group, lane_freed
        Per lane, that is, per block of free tasks, by device.
    group_ptr, group_peak, group_forwards
        Per group, that is, per stage of a job with free tasks, by device.
    busy_ptr, busy_start, busy_end
        Pinned tasks, by device.
    step_ptr, step_time, step_free
        Memory that is free for good from a time on, by device; no steps: unlimited.
    """

    starts: Int64Array
    releases: Int64Array
    in_degrees: Int64Array
    devices: Int64Array
    successor_ptr: Int64Array
    successors: Int64Array
    lags: Int64Array
    lane_ptr: Int64Array
    lane_kind: Int64Array
    lane_duration: Int64Array
    lane_first: Int64Array
    lane_stop: Int64Array
    lane_group: Int64Array
    lane_freed: Int64Array
    group_ptr: Int64Array
    group_peak: Int64Array
    group_forwards: Int64Array
    busy_ptr: Int64Array
    busy_start: Int64Array
    busy_end: Int64Array
    step_ptr: Int64Array
    step_time: Int64Array
    step_free: Int64Array


class State(NamedTuple):
    """What changes during one run.

    Attributes
    ----------
    heap
        The events to come, first of all those that are in it: each task enters it when it is ready and when
        it ends, and what looks again later takes the place of the event that made it look.
    stack
        Nodes of which the news has not been passed on.
    """

    starts: Int64Array
    ready_at: Int64Array
    waiting: Int64Array
    next_node: Int64Array
    free_at: Int64Array
    device_held: Int64Array
    group_held: Int64Array
    in_flight: Int64Array
    unstarted: Int64Array
    next_busy: Int64Array
    next_step: Int64Array
    heap: Int64Array
    stack: Int64Array


@allocating
def simulate(layout, keys, limits, patience):  # type: ignore[no-untyped-def]
    """Run every device until no task is left; see `gapweave.solver.list_scheduler`.

    Parameters
    ----------
    layout
        A `Layout`.
    keys
        Shape (nodes,); the ready task with the smallest key starts first.
    limits
        Shape (groups,): most microbatches between F's start and B's end.
    patience
        Shape (kinds,): a device leaves a task of this kind for one with a smaller key that becomes ready
        within this share of the task's duration.

    Returns
    -------
    ndarray
        Starts of all nodes, shape (nodes,), in ticks; -1 where a task could not be placed.
    """
    nodes, devices = len(layout.starts), len(layout.lane_ptr) - 1
    state = State(
        layout.starts.copy(),
        layout.releases.copy(),
        layout.in_degrees.copy(),
        layout.lane_first.copy(),
        np.zeros(devices, np.int64),
        np.zeros(devices, np.int64),
        np.zeros(len(layout.group_peak), np.int64),
        np.zeros(len(layout.group_peak), np.int64),
        layout.group_forwards.copy(),
        layout.busy_ptr[:-1].copy(),
        layout.step_ptr[:-1].copy(),
        np.empty(len(layout.step_time) + 2 * nodes, np.int64),
        np.empty(nodes, np.int64),
    )
    _run(layout, state, keys, limits, patience)
    return state.starts


@compiled
def _run(layout, state, keys, limits, patience):  # type: ignore[no-untyped-def]
    """Run from event to event."""
    heap, stack, size = state.heap, state.stack, 0
    bits = 0  # an event is a time, and in the last bits a device
    while 1 << bits < len(state.free_at):
        bits += 1
    for device in range(len(state.free_at)):
        for step in range(layout.step_ptr[device], layout.step_ptr[device + 1]):
            size = _push(heap, size, layout.step_time[step] << bits | device)
    for node in range(len(layout.starts)):
        if state.waiting[node] == 0 and state.starts[node] < 0:
            size = _push(heap, size, state.ready_at[node] << bits | layout.devices[node])
    while size > 0:
        event, size = _pop(heap, size)
        now, device = event >> bits, event & ((1 << bits) - 1)
        if state.free_at[device] > now:
            continue
        lane, wake = _choose(layout, state, keys, limits, patience, now, device)
        if wake < _NEVER:
            size = _push(heap, size, wake << bits | device)
        if lane < 0:
            continue
        node = state.next_node[lane]
        _claim(layout, state, lane, device)
        end = now + layout.lane_duration[lane]
        state.starts[node] = now
        state.free_at[device] = end
        size = _push(heap, size, end << bits | device)
        stack[0], depth = node, 1
        while depth > 0:  # milestones take no time, so they pass the news on at once
            depth -= 1
            done = stack[depth]
            at = end if done == node else state.starts[done]
            for edge in range(layout.successor_ptr[done], layout.successor_ptr[done + 1]):
                after = layout.successors[edge]
                state.ready_at[after] = max(state.ready_at[after], at + layout.lags[edge])
                state.waiting[after] -= 1
                if state.waiting[after] > 0:
                    continue
                if layout.devices[after] < 0:
                    state.starts[after] = state.ready_at[after]
                    stack[depth] = after
                    depth += 1
                elif state.ready_at[after] >= state.free_at[layout.devices[after]]:  # else it looks when free
                    size = _push(heap, size, state.ready_at[after] << bits | layout.devices[after])


@inlined
def _choose(layout, state, keys, limits, patience, now, device):  # type: ignore[no-untyped-def]
    """Return the lane to start (-1: none) and when to look again even if nothing happens."""
    deadline, resume = _NEVER, _NEVER
    busy = state.next_busy[device]
    while busy < layout.busy_ptr[device + 1] and layout.busy_end[busy] <= now:
        busy += 1
    state.next_busy[device] = busy
    if busy < layout.busy_ptr[device + 1]:
        deadline, resume = layout.busy_start[busy], layout.busy_end[busy]
        if deadline <= now:
            return -1, resume
    best, best_key, too_long = -1, np.inf, False
    for lane in range(layout.lane_ptr[device], layout.lane_ptr[device + 1]):
        node = state.next_node[lane]
        if node == layout.lane_stop[lane] or state.waiting[node] > 0 or keys[node] >= best_key:
            continue
        if state.ready_at[node] > now:
            continue
        if now + layout.lane_duration[lane] > deadline:
            too_long = True
        elif layout.lane_kind[lane] != _F or _may_claim(layout, state, limits, lane, device, now):
            best, best_key = lane, keys[node]
    if best < 0:
        return -1, resume if too_long else _NEVER
    wait = patience[layout.lane_kind[best]] * layout.lane_duration[best]
    wake = _NEVER
    if wait > 0:
        for lane in range(layout.lane_ptr[device], layout.lane_ptr[device + 1]):
            node = state.next_node[lane]
            if node == layout.lane_stop[lane] or state.waiting[node] > 0 or keys[node] >= best_key:
                continue
            ready = state.ready_at[node]
            if (
                now < ready < min(now + wait, wake)
                and ready + layout.lane_duration[lane] <= deadline
                and (layout.lane_kind[lane] != _F or _may_claim(layout, state, limits, lane, device, now))
            ):
                wake = ready
    return (best, _NEVER) if wake == _NEVER else (-1, wake)


@inlined
def _may_claim(layout, state, limits, lane, device, now):  # type: ignore[no-untyped-def]
    """Whether one more microbatch of this stage fits, and leaves every other stage room for one."""
    group = layout.lane_group[lane]
    if state.in_flight[group] >= limits[group]:
        return False
    last = layout.step_ptr[device + 1] - 1
    if last < layout.step_ptr[device]:
        return True
    step = state.next_step[device]
    while step < last and layout.step_time[step + 1] <= now:
        step += 1
    state.next_step[device] = step
    held = state.device_held[device] + layout.group_peak[group]
    if held > layout.step_free[step]:
        return False
    for other in range(layout.group_ptr[device], layout.group_ptr[device + 1]):
        if other != group and state.unstarted[other] + state.in_flight[other] > 0:
            held += max(0, layout.group_peak[other] - state.group_held[other])
    return held <= layout.step_free[last]


@inlined
def _claim(layout, state, lane, device):  # type: ignore[no-untyped-def]
    """Account for a task that starts now.

    A device's memory changes by its own tasks only, so what a task frees at its end may count at once.
    """
    group = layout.lane_group[lane]
    state.next_node[lane] += 1
    state.device_held[device] -= layout.lane_freed[lane]
    state.group_held[group] -= layout.lane_freed[lane]
    if layout.lane_kind[lane] == _F:
        state.unstarted[group] -= 1
        state.in_flight[group] += 1
    elif layout.lane_kind[lane] == _B:
        state.in_flight[group] -= 1


@inlined
def _push(heap, size, event):  # type: ignore[no-untyped-def]
    """Add an event to a binary min-heap; returns its size."""
    hole = size
    while hole > 0 and heap[(hole - 1) // 2] > event:
        heap[hole] = heap[(hole - 1) // 2]
        hole = (hole - 1) // 2
    heap[hole] = event
    return size + 1


@inlined
def _pop(heap, size):  # type: ignore[no-untyped-def]
    """Take the earliest event off the heap; returns it and the heap's new size."""
    first, size = heap[0], size - 1
    event, hole = heap[size], 0
    while 2 * hole + 1 < size:
        child = 2 * hole + 1
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= event:
            break
        heap[hole] = heap[child]
        hole = child
    heap[hole] = event
    return first, size
