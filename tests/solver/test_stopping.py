"""Deadlines and stop signals."""

import math
import threading

from gapweave.solver.stopping import Stopping


def test_without_a_limit_time_never_ends() -> None:
    stopping = Stopping()
    assert not stopping
    assert stopping.remaining == math.inf
    assert stopping.share(0.1).time_limit is None


def test_a_limit_in_the_past_stops() -> None:
    stopping = Stopping(time_limit=5.0, begin=Stopping().begin - 6.0)
    assert stopping
    assert stopping.remaining == 0
    assert stopping.elapsed >= 6.0


def test_a_signal_stops_every_share() -> None:
    stopping = Stopping(time_limit=1e6, signal=threading.Event())
    share = stopping.share(0.5)
    assert not share
    stopping.signal.set()
    assert share
    assert stopping
    assert share.remaining == 0


def test_a_share_is_part_of_what_remains() -> None:
    share = Stopping(time_limit=1e6).share(0.25)
    assert share.time_limit is not None
    assert 0 < share.time_limit <= 0.25e6
