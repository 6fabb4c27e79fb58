"""Compiled loops are made ready beside other work, and nobody waits for them beyond the time limit."""

from gapweave.solver.kernels import Preparation, prepare
from gapweave.solver.stopping import Stopping


def test_loops_become_ready() -> None:
    assert Preparation().wait(Stopping())


def test_making_them_ready_twice_is_no_work() -> None:
    prepare()
    before = prepare.cache_info().hits
    prepare()
    assert prepare.cache_info().hits == before + 1


def test_nobody_waits_when_time_is_up() -> None:
    stopping = Stopping()
    stopping.signal.set()
    Preparation().wait(stopping)
