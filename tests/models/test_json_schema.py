"""The published JSON Schemas accept what the reader accepts, and refuse what it refuses by one value."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from schedule_factory import (
    as_fill,
    build_schedule,
    make_instance,
    random_instance,
    random_schedule,
    uniform_job,
    zero_idle_period,
)

from gapweave.instances import find, names
from gapweave.models.errors import InvalidFile
from gapweave.models.instance import Instance
from gapweave.models.json_schema import instance_schema, schedule_schema
from gapweave.models.schedule import Schedule

jsonschema = pytest.importorskip("jsonschema")

Document = dict[str, Any]
Edit = Callable[[Document], object]


def accepts(schema: Document, document: Document) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(document))


def stage(document: Document) -> Document:
    found: Document = document["jobs"][0]["stages"][0]
    return found


@pytest.fixture
def instance() -> Document:
    return make_instance(uniform_job(2, 3, forward_transfer=[4]), devices=2).to_document()


@pytest.fixture
def schedule() -> Document:
    made = build_schedule(make_instance(uniform_job(2, 3), uniform_job(2, 1), devices=2))
    document: Document = json.loads(made.to_text())
    return document


@pytest.mark.parametrize("schema", [instance_schema(), schedule_schema()], ids=["instance", "schedule"])
def test_the_schemas_are_schemas(schema: Document) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_every_shipped_instance_is_accepted() -> None:
    validator = jsonschema.Draft202012Validator(instance_schema())
    for name in names():
        document = json.loads(find(name).read_text(encoding="utf-8"))
        assert [error.message for error in validator.iter_errors(document)] == [], name


@pytest.mark.parametrize("seed", range(30))
def test_random_instances_and_schedules_are_accepted(seed: int) -> None:
    rng = Random(seed)
    made = random_instance(rng)
    assert accepts(instance_schema(), made.to_document())
    assert accepts(schedule_schema(), json.loads(random_schedule(rng, made).to_text()))


def test_fill_and_steady_state_are_accepted() -> None:
    fill = as_fill(build_schedule(make_instance(uniform_job(2, 3), uniform_job(2, 1), devices=2)))
    assert accepts(schedule_schema(), json.loads(fill.to_text()))
    assert accepts(schedule_schema(), json.loads(zero_idle_period(4, 8).to_text()))


BAD_INSTANCES: dict[str, Edit] = {
    "no format": lambda d: d.pop("format"),
    "another format": lambda d: d.update(format="gapweave.instance/2"),
    "no name": lambda d: d.pop("name"),
    "an unknown key": lambda d: d.update(comment="x"),
    "an unknown key in a stage": lambda d: stage(d).update(comment="x"),
    "no devices": lambda d: d.update(devices=[]),
    "5000 devices": lambda d: d.update(devices=[{"name": "d"}] * 5000),
    "no jobs": lambda d: d.update(jobs=[]),
    "65 jobs": lambda d: d.update(jobs=d["jobs"] * 65),
    "a float": lambda d: stage(d).update(forward=1.5),
    "true for an integer": lambda d: stage(d).update(forward=True),
    "a string for an integer": lambda d: stage(d).update(forward="1"),
    "a duration of zero": lambda d: stage(d).update(forward=0),
    "a duration of 2^63": lambda d: stage(d).update(backward=2**63),
    "a weight of zero": lambda d: stage(d).update(weight=0),
    "a negative claim": lambda d: stage(d)["memory"].update(forward=-1, backward=1),
    "memory of a weight task that does not exist": lambda d: stage(d)["memory"].update(backward=0, weight=-1),
    "memory claimed by a weight task": lambda d: stage(d).update(
        weight=1, memory={"forward": 1, "backward": -2, "weight": 1}
    ),
    "no microbatch": lambda d: d["jobs"][0].update(microbatches=0),
    "10^9 microbatches": lambda d: d["jobs"][0].update(microbatches=10**9),
    "microbatches as a list": lambda d: d["jobs"][0].update(microbatches=[3]),
    "half a batch rule": lambda d: d["jobs"][0].update(microbatches={"global_batch": 8}),
    "a negative transfer": lambda d: d["jobs"][0].update(forward_transfer=[-4]),
    "a transfer as an object": lambda d: d["jobs"][0].update(backward_transfer={"0": 1}),
    "an unknown unit": lambda d: d.update(time_unit="minutes"),
}

BAD_SCHEDULES: dict[str, Edit] = {
    "no format": lambda d: d.pop("format"),
    "an instance without a format": lambda d: d["instance"].pop("format"),
    "no columns": lambda d: d.pop("columns"),
    "other columns": lambda d: d["columns"].reverse(),
    "no tasks": lambda d: d.pop("tasks"),
    "a row too long": lambda d: d["tasks"][0].append(0),
    "a row too short": lambda d: d["tasks"][0].pop(),
    "an unknown kind": lambda d: d["tasks"][0].__setitem__(2, "X"),
    "a negative stage": lambda d: d["tasks"][0].__setitem__(3, -1),
    "a start of 2^63": lambda d: d["tasks"][0].__setitem__(6, 2**63),
    "a step count of zero": lambda d: d.update(steps=[0, 1]),
    "a period without the objective": lambda d: d.update(period=9),
    "the objective without a period": lambda d: d.update(objective="period"),
    "a period of zero": lambda d: d.update(objective="period", period=0),
    "a lower bound without an argument": lambda d: d.update(lower_bound=3),
    "an argument without a lower bound": lambda d: d.update(bound={"argument": "search"}),
    "fill without a primary": lambda d: d.update(mode="fill"),
    "fill without the primary's tasks": lambda d: d.update(
        mode="fill", primary={"source": "1f1b", "makespan": 9, "limit": 9, "tasks": None}
    ),
    "an unknown status": lambda d: d.update(status="great"),
    "an unknown key": lambda d: d["solver"].update(cores=2),
}


@pytest.mark.parametrize("label", BAD_INSTANCES)
def test_a_bad_instance_is_refused_by_schema_and_reader(instance: Document, label: str) -> None:
    assert accepts(instance_schema(), instance)
    bad = copy.deepcopy(instance)
    BAD_INSTANCES[label](bad)
    assert not accepts(instance_schema(), bad)
    with pytest.raises(InvalidFile):
        Instance.from_document(bad)


@pytest.mark.parametrize("label", BAD_SCHEDULES)
def test_a_bad_schedule_is_refused_by_schema_and_reader(schedule: Document, label: str) -> None:
    assert accepts(schedule_schema(), schedule)
    bad = copy.deepcopy(schedule)
    BAD_SCHEDULES[label](bad)
    assert not accepts(schedule_schema(), bad)
    with pytest.raises(InvalidFile):
        Schedule.from_document(bad)
