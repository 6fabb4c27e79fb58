"""``gapweave schema``: the published JSON Schemas on standard output."""

import json

from outcome import Run

from gapweave.models.json_schema import instance_schema, schedule_schema


def test_both_schemas_are_printed(run: Run) -> None:
    assert json.loads(run("schema", "instance").out) == instance_schema()
    assert json.loads(run("schema", "schedule").out) == schedule_schema()


def test_a_schema_refers_only_to_what_it_defines(run: Run) -> None:
    for name in ("instance", "schedule"):
        text = run("schema", name).out
        schema = json.loads(text)
        used = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
        assert used == set(schema["$defs"])


def test_every_object_refuses_unknown_keys(run: Run) -> None:
    for name in ("instance", "schedule"):
        schema = json.loads(run("schema", name).out)
        objects = [part for part in (schema, *schema["$defs"].values()) if "properties" in part]
        assert all(part["additionalProperties"] is False for part in objects)
