"""Bounds are proven again from their certificates; junk proves nothing, and never more than is true."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_factory import as_fill, build_schedule, claimed, make_instance, uniform_job, zero_idle_period

from gapweave.models.bounds import reprove
from gapweave.models.bounds.arguments import ARGUMENTS
from gapweave.models.schedule import Bound, Primary, Schedule
from gapweave.models.task import ScheduledTask
from gapweave.models.verify import verify

# Two stages, four microbatches, F = 1, B = 2: 1F1B is optimal alone, and two devices in a row prove it. It
# leaves device 1 idle in [0, 1) and from 13 on, too late for the second job's B to end with it.
ALONE = (4 + 2 - 1) * 3
OPTIMUM = ALONE + 1
PROOFS: dict[str, tuple[int, dict[str, Any]]] = {
    "device-load": (12, {"device": 0}),
    "critical-path": (ALONE, {"task": [0, 0, "B", 1, 0]}),
    "one-machine": (ALONE, {"device": 1, "head": 1, "tail": 2}),
    "ramps": (ALONE, {"device": 0}),
    "pinned-primary": (ALONE, {}),
    "idle-intervals": (OPTIMUM, {"device": 1, "makespan": ALONE, "head": 1, "tail": 0}),
}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["F", "B", "barrier", 0, 1, -1, 2**63, -(2**70)]),
    lambda children: (
        st.lists(children, max_size=6) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=8,
)
CERTIFICATES = st.dictionaries(
    st.sampled_from(["device", "task", "head", "tail", "makespan", "merged", "other"]), JUNK, max_size=5
) | st.fixed_dictionaries(
    {
        "device": st.integers(-2, 3),
        "head": st.integers(-3, 12),
        "tail": st.integers(-3, 12),
        "makespan": st.integers(-3, 20),
        "task": st.tuples(
            st.integers(-2, 2),
            st.integers(-2, 2),
            st.sampled_from(["F", "B", "W", "O", "barrier", "stage-end", "X"]),
            st.integers(-2, 3),
            st.none() | st.integers(-6, 6),
        ).map(list),
    }
)


def optimal_schedule() -> Schedule:
    """An optimal fill, so that every argument has something to prove."""
    small = uniform_job(1, 1, 1, 3)
    small["stages"][0]["device"] = 1
    instance = make_instance(uniform_job(2, 4), small, devices=2, capacity=2)
    alone = as_fill(build_schedule(instance.with_jobs(0)))
    assert alone.makespan == ALONE
    rows = [
        *alone.tasks,
        ScheduledTask(1, 0, "F", 0, 0, 1, 0, 1),
        ScheduledTask(1, 0, "B", 0, 0, 1, 13, 16),
    ]
    schedule = claimed(instance, (1, 1), rows, mode="fill", primary=alone.primary)
    assert verify(schedule) == []
    assert schedule.makespan == OPTIMUM
    return schedule


def claiming(lower_bound: int | None, argument: str, certificate: dict[str, Any], **fields: Any) -> Schedule:
    bound = None if lower_bound is None else Bound(argument=argument, certificate=certificate)
    return optimal_schedule().model_copy(update={"lower_bound": lower_bound, "bound": bound} | fields)


def test_every_argument_is_tried() -> None:
    assert PROOFS.keys() == ARGUMENTS.keys()


@pytest.mark.parametrize(("argument", "proof"), PROOFS.items())
def test_a_true_certificate_proves_its_value(argument: str, proof: tuple[int, dict[str, Any]]) -> None:
    verdict = reprove(claiming(proof[0], argument, proof[1]))
    assert verdict.proven is True
    assert verdict.value == proof[0]


@pytest.mark.parametrize(("argument", "proof"), PROOFS.items())
def test_a_certificate_proves_smaller_claims_too(argument: str, proof: tuple[int, dict[str, Any]]) -> None:
    assert reprove(claiming(proof[0] - 1, argument, proof[1])).proven is True


@pytest.mark.parametrize(("argument", "proof"), PROOFS.items())
def test_a_raised_claim_is_not_proven(argument: str, proof: tuple[int, dict[str, Any]]) -> None:
    verdict = reprove(claiming(proof[0] + 1, argument, proof[1]))
    assert verdict.proven is False
    assert verdict.value == proof[0]
    assert str(proof[0] + 1) in verdict.message


@pytest.mark.parametrize(
    ("argument", "certificate"),
    [
        ("device-load", {}),
        ("device-load", {"device": "0"}),
        ("device-load", {"device": True}),
        ("device-load", {"device": 7}),
        ("critical-path", {"task": [0, 0, "F", 1, 9]}),
        ("critical-path", {"task": [0, 0, "W", 1, 0]}),
        ("critical-path", {"task": [0, 0]}),
        ("one-machine", {"device": 0, "head": 10**30, "tail": 0}),
        ("one-machine", {"device": 0, "head": -5, "tail": 0}),
        ("one-machine", {"device": 0, "head": 0}),
        ("idle-intervals", {"device": 1, "head": 1, "tail": 0}),
        ("idle-intervals", {"device": 0, "makespan": ALONE, "head": 1, "tail": 0}),
        ("idle-intervals", {"device": 2, "makespan": ALONE, "head": 1, "tail": 0}),
        ("idle-intervals", {"device": 1, "makespan": OPTIMUM, "head": 1, "tail": 0}),
        ("idle-intervals", {"device": 1, "makespan": ALONE - 1, "head": 1, "tail": 0}),
        ("idle-intervals", {"device": 1, "makespan": 2**62, "head": 2**62, "tail": 2**62}),
    ],
)
def test_a_tampered_certificate_proves_nothing(argument: str, certificate: dict[str, Any]) -> None:
    assert reprove(claiming(OPTIMUM, argument, certificate)).proven is False


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(list(ARGUMENTS)), CERTIFICATES)
def test_no_certificate_proves_more_than_the_optimum(argument: str, certificate: dict[str, Any]) -> None:
    verdict = reprove(claiming(1, argument, certificate))
    assert verdict.value is None or verdict.value <= OPTIMUM
    assert reprove(claiming(OPTIMUM + 1, argument, certificate)).proven is False


@pytest.mark.parametrize("argument", ["", "divination", "Search", "one-machine "])
def test_an_unknown_argument_proves_nothing(argument: str) -> None:
    assert reprove(claiming(1, argument, {})).proven is False


def test_a_bound_of_the_search_cannot_be_proven_again() -> None:
    verdict = reprove(claiming(OPTIMUM, "search", {}))
    assert verdict.proven is None
    assert "search" in verdict.message


def test_no_claim_needs_no_proof() -> None:
    assert reprove(claiming(None, "", {})).proven is None


@pytest.mark.parametrize("argument", ["pinned-primary", "idle-intervals"])
def test_a_pinned_primary_bounds_only_a_fill(argument: str) -> None:
    """In mode joint a primary has at most a limit, and this one leaves it time enough."""
    value, certificate = PROOFS[argument]
    late = Primary(source="test", makespan=ALONE, limit=2 * ALONE, tasks=())
    assert reprove(claiming(value, argument, certificate, mode="joint", primary=late)).proven is False
    assert reprove(claiming(value, argument, certificate, mode="joint", primary=None)).proven is False


def test_a_primary_without_slack_bounds_as_if_it_were_pinned() -> None:
    """Device 1 works without pause from 1 to 13 if the primary is to end at 15, whatever its order."""
    value, certificate = PROOFS["idle-intervals"]
    limited = Primary(source="test", makespan=ALONE, limit=ALONE)
    assert (
        reprove(claiming(value, "idle-intervals", certificate, mode="joint", primary=limited)).proven is True
    )


def test_idle_intervals_are_not_those_of_merged_jobs() -> None:
    value, certificate = PROOFS["idle-intervals"]
    assert reprove(claiming(value, "idle-intervals", certificate | {"merged": True})).proven is False


def test_a_period_is_bounded_by_loads_alone() -> None:
    steady = zero_idle_period(3, 4)
    load = steady.model_copy(
        update={"lower_bound": 24, "bound": Bound(argument="device-load", certificate={"device": 1})}
    )
    path = steady.model_copy(
        update={
            "lower_bound": 9,
            "bound": Bound(argument="critical-path", certificate={"task": [0, 0, "F", 0, 0]}),
        }
    )
    assert reprove(load).proven is True
    assert reprove(path).proven is False
