from itertools import product
from typing import Any

import pytest

from gapweave.instances import find, names
from gapweave.instances.published_data import read_source
from gapweave.models.instance import Instance

DATA = read_source("zero_bubble_measured")
ROWS: list[dict[str, Any]] = DATA["rows"]
ROW_IDS = [f"{row['model']}-m{row['microbatches']}" for row in ROWS]
PAIRS = [name for name in names() if name.startswith("zb-") and "+" in name]
each_row = pytest.mark.parametrize("row", ROWS, ids=ROW_IDS)


def single(row: dict[str, Any], variant: str) -> Instance:
    return Instance.load(f"zb-{row['model'].lower()}-p{row['stages']}-m{row['microbatches']}-{variant}")


@each_row
def test_times_are_the_published_milliseconds_in_microseconds(row: dict[str, Any]) -> None:
    instance = single(row, "1x")
    (job,) = instance.jobs
    edges = row["stages"] - 1
    assert instance.time_unit == "us"
    assert set(job.forward_lags) | set(job.backward_lags) == {row["transfer_ms"] * 1000}
    assert len(job.forward_lags) == len(job.backward_lags) == edges
    for stage in job.stages:
        assert stage.forward == row["forward_ms"] * 1000
        assert stage.backward == row["backward_input_ms"] * 1000
        assert stage.weight == row["backward_weight_ms"] * 1000


@each_row
def test_times_and_transfers_give_the_published_bubble_rate_of_zb_1p(row: dict[str, Any]) -> None:
    """Its idle time per step and stage is (P - 1) (F + B + 4c - W), c the transfer, in all published rows."""
    (job,) = single(row, "1x").jobs
    stage, count = job.stages[0], len(job.stages)
    assert stage.weight is not None
    idle = (count - 1) * (stage.forward + stage.backward + 4 * job.forward_lags[0] - stage.weight)
    rate = idle / (idle + job.microbatch_count * stage.work)
    assert rate == pytest.approx(float(row["bubble_rate"]["zb-1p"]), abs=6e-5)


@each_row
@pytest.mark.parametrize("times", [1, 2])
def test_every_device_has_room_for_p_forward_claims_or_twice_that(row: dict[str, Any], times: int) -> None:
    instance = single(row, f"{times}x")
    claims = {stage.memory.forward for stage in instance.jobs[0].stages}
    assert instance.memory_unit == "B"
    assert {device.memory_capacity for device in instance.devices} == {times * row["stages"] * max(claims)}
    assert len(claims) == 1


@pytest.mark.parametrize(
    ("name", "layers"), [("1.5b-p8-m24", 3), ("6.2b-p8-m24", 4), ("14.6b-p16-m48", 3), ("28.3b-p32-m96", 2)]
)
def test_memory_is_that_of_a_uniform_number_of_layers(name: str, layers: int) -> None:
    model = DATA["models"][name.split("-")[0].upper()]
    per_layer = model["sequence"] * model["microbatch_size"] * layers
    memory = Instance.load(f"zb-{name}-1x").jobs[0].stages[0].memory
    for kind, delta in model["memory_bytes_per_token_per_layer"].items():
        assert getattr(memory, kind) == delta * per_layer
    assert memory.resident == 0


@each_row
def test_memory_of_p_more_microbatches_is_what_zb_2p_was_measured_to_need_more(row: dict[str, Any]) -> None:
    capacities = [single(row, variant).devices[0].memory_capacity for variant in ("1x", "2x")]
    assert capacities[0] is not None
    assert capacities[1] is not None
    published = DATA["peak_memory_gb"][row["model"]]
    assert (capacities[1] - capacities[0]) / 2**30 == pytest.approx(
        published["zb-2p"] - published["zb-1p"], rel=0.1
    )


@each_row
def test_the_unsplit_backward_does_the_work_and_frees_the_memory_of_both(row: dict[str, Any]) -> None:
    unsplit, split = single(row, "unsplit"), single(row, "1x")
    assert {device.memory_capacity for device in unsplit.devices} == {None}
    assert unsplit.jobs[0].work == split.jobs[0].work
    assert unsplit.jobs[0].forward_lags == split.jobs[0].forward_lags
    assert unsplit.jobs[0].backward_lags == split.jobs[0].backward_lags
    for whole, parts in zip(unsplit.jobs[0].stages, split.jobs[0].stages, strict=True):
        assert parts.weight is not None
        assert (whole.forward, whole.backward, whole.weight) == (
            parts.forward,
            parts.backward + parts.weight,
            None,
        )
        assert whole.memory.forward == -whole.memory.backward == parts.memory.forward


def test_the_pairs_are_those_models_at_every_number_of_microbatches() -> None:
    expected = [
        f"zb-{models}-p{stages}-m{microbatches}-{variant}"
        for models, stages, counts in (
            ("6.2b+1.5b", 8, (24, 32, 64)),
            ("6.2b+6.2b", 8, (24, 32, 64)),
            ("14.6b+14.6b", 16, (48, 64, 128)),
            ("28.3b+28.3b", 32, (96, 128, 256)),
        )
        for microbatches, variant in product(counts, ("1x", "2x"))
    ]
    assert sorted(PAIRS) == sorted(expected)


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_is_its_two_single_jobs_with_the_capacity_of_the_larger(name: str) -> None:
    pair = Instance.load(name)
    models, size = name.removeprefix("zb-").split("-", 1)
    singles = [Instance.load(find(f"zb-{model}-{size}")) for model in models.split("+")]
    assert [job.name for job in pair.jobs] == ["primary", "secondary"]
    for job, alone in zip(pair.jobs, singles, strict=True):
        assert job.model_copy(update={"name": "primary"}) == alone.jobs[0]
    capacities = [alone.devices[0].memory_capacity for alone in singles]
    assert {device.memory_capacity for device in pair.devices} == {max(capacities, key=lambda c: c or 0)}
    assert "ours" in pair.description
