"""Compiled loops are made ready beside other work, and nobody waits for them beyond the time limit."""

import subprocess
import sys

from gapweave.solver.kernels import Preparation, prepare_windows
from gapweave.solver.stopping import Stopping

#: Prints the loops that are compiled for more kinds of arguments once several problems were solved.
_COMPILED_LATER = """
import sys
from numba.core.registry import CPUDispatcher
from gapweave.models.instance import Instance
from gapweave.solver.kernels import prepare
from gapweave.solver.solve import solve

def signatures():
    loops = [
        loop
        for name, module in list(sys.modules.items()) if name.startswith("gapweave")
        for loop in vars(module).values() if isinstance(loop, CPUDispatcher)
    ]
    return {(loop.__module__, loop.__name__): len(loop.signatures) for loop in loops}

prepare()
before = signatures()
for name, options in (
    ("fusion-05-cap", {}),
    ("uniform-p8-m16-k2-reversed-cap16", {"mode": "fill"}),
    ("fusion-02-cap", {"primary_slack": 0.05}),
    ("uniform-p8-m8-k2-reversed", {"objective": "period"}),
    ("uniform-p8-m8-k2-reversed", {"objective": "period", "mode": "fill"}),
):
    solve(Instance.load(name), time_limit=5.0, workers=2, **options)
print(sorted(loop for loop, count in signatures().items() if count > before.get(loop, 0)))
"""


def test_loops_become_ready() -> None:
    assert Preparation(prepare_windows).wait(Stopping())


def test_making_them_ready_twice_is_no_work() -> None:
    prepare_windows()
    before = prepare_windows.cache_info().hits
    prepare_windows()
    assert prepare_windows.cache_info().hits == before + 1


def test_nobody_waits_when_time_is_up() -> None:
    stopping = Stopping()
    stopping.signal.set()
    Preparation(prepare_windows).wait(stopping)


def test_no_solve_compiles_a_loop_that_was_made_ready() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _COMPILED_LATER], capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stdout.strip() == "[]"
