"""Idle intervals of a device: where equal tasks fit, how much can be used, and the same seen backwards."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gapweave.models.bounds.calendar import Calendar
from gapweave.models.bounds.gap_sums import largest_sum

HORIZON = 40
BUSY = st.lists(st.booleans(), max_size=HORIZON).map(
    lambda marks: [(tick, tick + 1) for tick, is_busy in enumerate(marks) if is_busy]
)
TIMES = st.lists(st.integers(0, HORIZON), min_size=1, max_size=6)


def is_idle(busy: list[tuple[int, int]], tick: int) -> bool:
    return tick >= 0 and (tick, tick + 1) not in busy


def idle_ticks(busy: list[tuple[int, int]], start: int, stop: int) -> int:
    return sum(is_idle(busy, tick) for tick in range(start, stop))


@given(BUSY, TIMES, st.integers(1, 5))
def test_tasks_run_in_order_as_early_as_they_fit(
    busy: list[tuple[int, int]], ready: list[int], duration: int
) -> None:
    starts = Calendar.around(busy).run_in_order(np.array(ready, dtype=np.int64), duration).tolist()
    now = 0
    for start, time in zip(starts, ready, strict=True):
        now = max(now, time)
        while not all(is_idle(busy, now + tick) for tick in range(duration)):
            now += 1
        assert start == now
        now += duration


@given(BUSY, TIMES, st.integers(0, 30))
def test_work_from_a_time_on_ends_when_enough_idle_time_has_passed(
    busy: list[tuple[int, int]], starts: list[int], work: int
) -> None:
    calendar = Calendar.around(busy)
    begun = np.array(starts, dtype=np.int64)
    ends = calendar.earliest_with(calendar.idle_until(begun) + work).tolist()
    for start, end in zip(starts, ends, strict=True):
        assert idle_ticks(busy, start, max(start, end)) == work


@given(BUSY, st.integers(0, HORIZON), st.integers(0, HORIZON))
def test_room_between_two_times_is_their_idle_time(
    busy: list[tuple[int, int]], start: int, stop: int
) -> None:
    calendar = Calendar.around(busy)
    assert calendar.room_between(start, stop) == idle_ticks(busy, start, stop)
    assert calendar.until(HORIZON).room_between(start, stop) == idle_ticks(busy, start, stop)


@given(BUSY, st.integers(0, HORIZON), st.integers(0, HORIZON))
def test_seen_backwards_the_same_time_is_idle(busy: list[tuple[int, int]], start: int, stop: int) -> None:
    mirrored = Calendar.around(busy).until(HORIZON).mirrored(HORIZON)
    assert mirrored.room_between(HORIZON - stop, HORIZON - start) == idle_ticks(busy, start, stop)


@given(st.integers(0, 40), st.dictionaries(st.integers(1, 12), st.integers(1, 4), max_size=3))
def test_the_largest_sum_is_the_best_of_all_choices(length: int, pieces: dict[int, int]) -> None:
    sums = (
        sum(duration * count for duration, count in zip(pieces, counts, strict=True))
        for counts in product(*(range(count + 1) for count in pieces.values()))
    )
    best = max(total for total in sums if total <= length)
    assert largest_sum(length, tuple(pieces), tuple(pieces.values())) == best


def test_too_many_sums_count_as_all() -> None:
    durations = tuple(1_000_003 * 3**number + number for number in range(1, 9))
    total = sum(9 * duration for duration in durations)
    assert largest_sum(2 * total, durations, (9,) * 8) == total
    assert largest_sum(total // 2, durations, (9,) * 8) == total // 2
