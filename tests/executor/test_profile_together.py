"""Devices measured at the same time wait for each other, but for none that failed."""

import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from threading import Barrier

import pytest
from profile_measurements import TINY

from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.profile.together import Company, Place, _measure_in_company, ended_by_errors
from gapweave.models.errors import ExecutionFailed

SOUND = str(TINY)
DIVERGING = str(replace(TINY, learning_rate=1e37))
UNBUILDABLE = "gpt3"


def outcomes(*specs: str) -> list[list[StageCosts] | str]:
    """What each device ends with: costs, or a message. Threads here are what are processes in use."""
    company = Company(Barrier(len(specs)), [], len(specs))

    def device(spec: str) -> list[StageCosts] | str:
        try:
            return _measure_in_company([Place(spec, 0, 1, 0, False)], 2, None, company)
        except ExecutionFailed as failed:
            return str(failed)

    with ThreadPoolExecutor(len(specs)) as pool:
        return list(pool.map(device, specs))


def test_all_devices_are_measured() -> None:
    costs = outcomes(SOUND, SOUND)
    assert [[len(stage.nanoseconds["F"]) for stage in own] for own in costs] == [[2], [2]]  # type: ignore[union-attr]


def test_a_failure_while_measuring_keeps_no_other_device_busy() -> None:
    sound, diverging = outcomes(SOUND, DIVERGING)
    assert len(sound) == 1
    assert isinstance(diverging, str)
    assert "is not finite" in diverging


def test_a_failure_before_measuring_keeps_no_other_device_waiting() -> None:
    waiting, unbuildable = outcomes(SOUND, UNBUILDABLE)
    assert waiting == []
    assert isinstance(unbuildable, str)
    assert unbuildable.startswith("profile: --model: expected one of")


def test_an_interruption_waits_for_no_process_that_measures() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        with suppress(KeyboardInterrupt), ended_by_errors():
            measuring = pool.submit(time.sleep, 600)
            raise KeyboardInterrupt
        assert measuring.exception() is not None


@pytest.mark.parametrize("bad", [DIVERGING, UNBUILDABLE])
def test_one_failure_is_told_however_many_devices_there_are(bad: str) -> None:
    told = [outcome for outcome in outcomes(SOUND, SOUND, bad) if isinstance(outcome, str)]
    assert len(told) == 1
