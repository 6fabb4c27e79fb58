import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapweave.instances.generator import make_instance
from gapweave.models.errors import InvalidOption
from gapweave.models.instance import Instance

OPTIONS = st.fixed_dictionaries(
    {
        "devices": st.integers(1, 12),
        "microbatches": st.lists(st.integers(1, 40), min_size=1, max_size=4).map(tuple),
        "reversed_order": st.booleans(),
        "split": st.booleans(),
        "spread": st.floats(0, 0.99),
        "transfer": st.integers(0, 500),
        "memory_microbatches": st.none() | st.integers(1, 100),
        "seed": st.integers(0, 2**32),
    }
)
SMALL: dict[str, Any] = {"devices": 4, "microbatches": (8, 8), "seed": 1}


@given(OPTIONS)
def test_the_same_options_make_the_same_instance(options: dict[str, Any]) -> None:
    assert make_instance(**options) == make_instance(**options)


@given(OPTIONS)
def test_a_made_instance_survives_its_file_format(options: dict[str, Any]) -> None:
    made = make_instance(**options)
    assert Instance.from_document(made.to_document()) == made


@given(OPTIONS)
def test_durations_stay_within_the_spread(options: dict[str, Any]) -> None:
    made, spread = make_instance(**options), options["spread"]
    backward = 1000 if options["split"] else 2000
    for stage in (stage for job in made.jobs for stage in job.stages):
        assert abs(stage.forward - 1000) <= math.ceil(1000 * spread)
        assert abs(stage.backward - backward) <= math.ceil(backward * spread)
        assert (stage.weight is not None) == options["split"]
        assert stage.weight is None or abs(stage.weight - 1000) <= math.ceil(1000 * spread)


@given(OPTIONS)
def test_every_job_crosses_all_devices_and_every_other_one_may_be_reversed(options: dict[str, Any]) -> None:
    made, order = make_instance(**options), list(range(options["devices"]))
    assert [job.microbatch_count for job in made.jobs] == list(options["microbatches"])
    for index, job in enumerate(made.jobs):
        is_reversed = options["reversed_order"] and index % 2 == 1
        assert [stage.device for stage in job.stages] == (order[::-1] if is_reversed else order)
        lags = job.forward_lags + job.backward_lags
        assert lags == (options["transfer"],) * (2 * (options["devices"] - 1))


@given(OPTIONS)
def test_a_microbatch_in_flight_holds_ten_units(options: dict[str, Any]) -> None:
    made, limit = make_instance(**options), options["memory_microbatches"]
    expected = (10, -6, -4) if options["split"] else (10, -10, 0)
    for memory in (stage.memory for job in made.jobs for stage in job.stages):
        assert (memory.forward, memory.backward, memory.weight) == expected
        assert memory.resident == 0
    capacity = None if limit is None else 10 * limit
    assert {device.memory_capacity for device in made.devices} == {capacity}


def test_another_seed_makes_other_durations_and_jobs_differ_from_each_other() -> None:
    made, other = make_instance(**SMALL), make_instance(**SMALL | {"seed": 2})
    assert made.jobs[0].stages != other.jobs[0].stages
    assert made.jobs[0].stages != made.jobs[1].stages


def test_the_average_duration_is_the_middle_of_the_spread() -> None:
    (job,) = make_instance(devices=2000, microbatches=(1,), spread=0.5, split=True, seed=3).jobs
    for kind in ("forward", "backward", "weight"):
        assert sum(getattr(stage, kind) for stage in job.stages) / 2000 == pytest.approx(1000, rel=0.03)


def test_without_spread_all_stages_are_equal() -> None:
    made = make_instance(**SMALL | {"spread": 0.0})
    assert {(stage.forward, stage.backward) for job in made.jobs for stage in job.stages} == {(1000, 2000)}


def test_it_reaches_64_devices_512_microbatches_and_3_jobs() -> None:
    made = make_instance(devices=64, microbatches=(512, 512, 512), split=True, memory_microbatches=80, seed=0)
    assert made.task_count == 64 * 512 * 3 * 3


def test_the_instance_names_the_command_that_makes_it_and_takes_a_given_name() -> None:
    made = make_instance(**SMALL, reversed_order=True, split=True, memory_microbatches=5, transfer=7)
    assert made.name == "made-p4-m8+8-reversed-split-mem5-s1"
    assert made.source.endswith(
        "gapweave instances make --devices 4 --microbatches 8,8 --reversed --split --spread 0.15 --transfer 7"
        " --memory-microbatches 5 --seed 1"
    )
    assert make_instance(**SMALL, name="mine").name == "mine"


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("devices", 0),
        ("devices", 4097),
        ("devices", True),
        ("microbatches", ()),
        ("microbatches", (8, 0)),
        ("microbatches", (1,) * 65),
        ("microbatches", (10**9,)),
        ("microbatches", (2**100,)),
        ("spread", -0.1),
        ("spread", 1),
        ("spread", float("nan")),
        ("spread", "wide"),
        ("transfer", -1),
        ("transfer", 2**42),
        ("transfer", 1.5),
        ("memory_microbatches", 0),
        ("memory_microbatches", 2**42),
        ("seed", -1),
        ("seed", None),
    ],
)
def test_a_wrong_option_is_refused_by_its_name(option: str, wrong: object) -> None:
    with pytest.raises(InvalidOption) as caught:
        make_instance(**SMALL | {option: wrong})
    assert str(caught.value).startswith(f"--{option.replace('_', '-')}: ")


@given(st.integers(1, 30), st.booleans())
def test_the_longest_transfer_that_is_taken_is_within_the_format(devices: int, split: bool) -> None:
    options: dict[str, Any] = {"devices": devices, "microbatches": (50, 3), "split": split, "seed": 0}
    with pytest.raises(InvalidOption) as caught:
        make_instance(**options, transfer=2**60)
    longest = int(str(caught.value).split(" to ")[1].split(",")[0])
    made = make_instance(**options, transfer=longest, spread=0.99)
    assert made.horizon <= 2**42
