"""Compiled functions: without counts of references they cannot make arrays, those that can may be called."""

import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from gapweave.solver.compiled import allocating, compiled, copy_into


@compiled
def makes_an_array(values):  # type: ignore[no-untyped-def]
    return values.copy().sum()


@allocating
def sort(values):  # type: ignore[no-untyped-def]
    values[:] = np.sort(values)


@compiled
def sort_into(target, source):  # type: ignore[no-untyped-def]
    copy_into(target, source)
    sort(target)
    return target[0]


def test_a_compiled_function_that_makes_arrays_is_refused() -> None:
    with pytest.raises(numba.core.errors.NumbaError, match="NRT required"):
        makes_an_array(np.arange(3))


def test_a_compiled_function_may_call_one_that_makes_arrays() -> None:
    target = np.zeros(3, dtype=np.int64)
    assert sort_into(target, np.array([3, 1, 2])) == 1
    assert target.tolist() == [1, 2, 3]


def test_a_kept_result_that_names_a_class_that_is_gone_is_compiled_anew(tmp_path: Path) -> None:
    module = tmp_path / "doubles.py"
    module.write_text(
        "from typing import NamedTuple\n"
        "from gapweave.solver.compiled import compiled\n"
        "class Pair(NamedTuple):\n    one: int\n    other: int\n"
        "@compiled\ndef total(pair):\n    return pair.one + pair.other\n"
    )
    use = "import doubles; print(doubles.total(doubles.{}(1, 2)))"

    def output_of(name: str) -> str:
        outcome = subprocess.run(
            [sys.executable, "-c", use.format(name)], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return outcome.stdout

    assert output_of("Pair") == "3\n"
    module.write_text(module.read_text().replace("Pair", "Partners"))
    assert output_of("Partners") == "3\n"
    assert output_of("Partners") == "3\n"
