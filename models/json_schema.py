"""The JSON Schemas of both file formats, for editors and for programs in other languages.

They start from what pydantic derives and add what it cannot know: what the file has and the model has not
(``columns``, rows as lists), what the reader requires, and the rules over several fields that JSON Schema
can say. The others (sums, lengths and indices that depend on other values) stay with the reader.
"""

from typing import Any, TypeAlias

from gapweave.models.fields import MAX_TASKS
from gapweave.models.instance import INSTANCE_FORMAT, MAX_JOBS, Instance
from gapweave.models.schedule import COLUMNS, SCHEDULE_FORMAT, Schedule
from gapweave.models.task import KINDS

JsonSchema: TypeAlias = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INDEX = {"type": "integer", "minimum": 0}
_NOT_NULL = {"not": {"type": "null"}}


def instance_schema() -> JsonSchema:
    """Return the JSON Schema of ``gapweave.instance/1``."""
    schema = _tidied(Instance.model_json_schema())
    _correct_instance(schema, schema["$defs"])
    return {"$schema": _DIALECT, **schema, "title": INSTANCE_FORMAT}


def schedule_schema() -> JsonSchema:
    """Return the JSON Schema of ``gapweave.schedule/1``."""
    schema = _tidied(Schedule.model_json_schema())
    definitions = schema["$defs"]
    _correct_instance(definitions["Instance"], definitions)
    _correct_schedule(schema, definitions)
    return {"$schema": _DIALECT, **schema, "title": SCHEDULE_FORMAT}


def _correct_instance(schema: JsonSchema, definitions: JsonSchema) -> None:
    _require_format(schema)
    job = definitions["Job"]["properties"]
    for name in ("microbatches", "forward_transfer", "backward_transfer"):
        # A third branch of the model's unions exists for its error message alone.
        job[name]["oneOf"] = [branch for branch in job[name]["oneOf"] if branch != {"type": "integer"}]
    memory = definitions["StageMemory"]["properties"]
    memory["forward"]["minimum"] = 0
    memory["weight"]["maximum"] = 0
    unsplit = _has("weight", _NOT_NULL)
    no_weight_memory = {"properties": {"memory": {"properties": {"weight": {"const": 0}}}}}
    definitions["Stage"] |= {"if": unsplit, "else": no_weight_memory}


def _correct_schedule(schema: JsonSchema, definitions: JsonSchema) -> None:
    _require_format(schema)
    properties = schema["properties"]
    properties["columns"] = {"const": list(COLUMNS)}
    schema["required"].append("columns")
    properties["tasks"]["maxItems"] = MAX_TASKS
    properties["steps"] |= {"minItems": 1, "maxItems": MAX_JOBS}
    properties["period"]["anyOf"][0]["minimum"] = 1
    _correct_row(definitions["ScheduledTask"], time=properties["makespan"])
    has_tasks = _has("primary", _has("tasks", _NOT_NULL) | {"type": "object"})
    schema["allOf"] = [
        _equivalent(_has("objective", {"const": "period"}), _has("period", _NOT_NULL)),
        _equivalent(_has("lower_bound", _NOT_NULL), _has("bound", _NOT_NULL)),
        {"if": _has("mode", {"const": "fill"}), "then": has_tasks},
    ]


def _correct_row(row: JsonSchema, time: JsonSchema) -> None:
    """Bound the entries of a task's row; pydantic knows only their types."""
    cells = dict(zip(COLUMNS, row["prefixItems"], strict=True))
    cells["kind"]["enum"] = list(KINDS)
    for name in ("job", "step", "stage", "device"):
        cells[name] |= _INDEX
    for name in ("start", "end"):
        cells[name] |= {limit: time[limit] for limit in ("minimum", "maximum")}


def _require_format(schema: JsonSchema) -> None:
    del schema["properties"]["format"]["default"]
    schema["required"].insert(0, "format")


def _has(name: str, value: JsonSchema) -> JsonSchema:
    return {"properties": {name: value}, "required": [name]}


def _equivalent(one: JsonSchema, other: JsonSchema) -> JsonSchema:
    return {"if": one, "then": other, "else": {"not": other}}


def _tidied(schema: Any, key: str = "") -> Any:
    """Drop pydantic's titles of fields, and all of a description but its first paragraph."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if isinstance(schema, dict):
        return {name: _tidied(value, name) for name, value in schema.items() if not _is_title(name, value)}
    return " ".join(schema.split("\n\n")[0].split()) if key == "description" else schema


def _is_title(name: str, value: Any) -> bool:
    return name == "title" and isinstance(value, str)
