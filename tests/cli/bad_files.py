"""Input files that must be refused: what they hold, and what the refusal must name."""

import copy
import json
from collections.abc import Iterator
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
Where: TypeAlias = tuple[str | int, ...]

#: Where a document is wrong, the wrong value, and the field that the refusal names (None: the same place).
Fault: TypeAlias = tuple[Where, object, str | None]

STAGE: Where = ("jobs", 0, "stages", 1)

INSTANCE_FAULTS: dict[str, Fault] = {
    "a float": ((*STAGE, "forward"), 2.0, None),
    "NaN": ((*STAGE, "forward"), float("nan"), None),
    "infinity": ((*STAGE, "forward"), float("inf"), None),
    "true for an integer": ((*STAGE, "forward"), True, None),
    "an integer in quotes": ((*STAGE, "forward"), "4", None),
    "null for an integer": ((*STAGE, "forward"), None, None),
    "a negative duration": ((*STAGE, "forward"), -4, None),
    "a duration of zero": ((*STAGE, "backward"), 0, None),
    "a duration of 2^63": ((*STAGE, "backward"), 2**63, None),
    "a weight of zero": ((*STAGE, "weight"), 0, None),
    "a negative release": (("jobs", 0, "release"), -1, None),
    "an integer for a flag": (("jobs", 0, "optimizer_barrier"), 1, None),
    "an unknown key": (("priority",), 1, None),
    "an unknown key in a stage": ((*STAGE, "kind"), "F", None),
    "too many transfers": (("jobs", 0, "forward_transfer"), [1, 2, 3], None),
    "too few transfers": (("jobs", 0, "backward_transfer"), [], None),
    "a negative transfer": (("jobs", 0, "backward_transfer"), [-1], "jobs[0].backward_transfer[0]"),
    "an unknown device": ((*STAGE, "device"), 2, None),
    "a negative device": ((*STAGE, "device"), -1, None),
    "memory that is never freed": ((*STAGE, "memory"), {"forward": 3, "backward": -2}, None),
    "memory freed twice": ((*STAGE, "memory"), {"forward": 3, "backward": -4}, "stages[1].memory.backward"),
    "weight memory without a weight task": (
        (*STAGE, "memory"),
        {"forward": 3, "backward": -2, "weight": -1},
        "stages[1].memory.weight",
    ),
    "10^9 microbatches": (("jobs", 0, "microbatches"), 10**9, None),
    "no microbatch": (("jobs", 0, "microbatches"), 0, None),
    "a list of microbatches": (("jobs", 0, "microbatches"), [4], None),
    "a batch that does not divide": (
        ("jobs", 0, "microbatches"),
        {"global_batch": 10, "microbatch_size": 4},
        "jobs[0].microbatches.global_batch",
    ),
    "a horizon beyond 2^42": ((*STAGE, "forward"), 2**42, "jobs"),
    "two jobs of one name": (("jobs", 1, "name"), "first", None),
    "no devices": (("devices",), [], None),
    "no jobs": (("jobs",), [], None),
    "5000 devices": (("devices",), [{"name": "d"}] * 5000, None),
    "half a character in a name": (("name",), "\ud800", None),
    "an unknown time unit": (("time_unit",), "minutes", None),
    "another format": (("format",), "gapweave.instance/2", None),
    "an object for a list": (("jobs",), {"0": {}}, None),
}

SCHEDULE_FAULTS: dict[str, Fault] = {
    "a wrong instance": (("instance", *STAGE, "forward"), -4, None),
    "an instance of another format": (("instance", "format"), "x", None),
    "no instance": (("instance",), None, None),
    "other columns": (("columns",), ["job", "start"], None),
    "tasks that are no list": (("tasks",), {}, None),
    "a row too short": (("tasks", 3), [0, 0, "F"], None),
    "a row that is no list": (("tasks", 3), "F", None),
    "a float in a row": (("tasks", 3, 6), 1.0, "tasks[3].start"),
    "NaN in a row": (("tasks", 3, 7), float("nan"), "tasks[3].end"),
    "true in a row": (("tasks", 3, 1), True, "tasks[3].step"),
    "an unknown kind": (("tasks", 3, 2), "X", "tasks[3].kind"),
    "a list for a kind": (("tasks", 3, 2), ["F"], "tasks[3].kind"),
    "a negative stage": (("tasks", 3, 3), -1, "tasks[3].stage"),
    "an unknown device in a row": (("tasks", 3, 5), 9, "tasks[3].device"),
    "a start of 2^63": (("tasks", 3, 6), 2**63, "tasks[3].start"),
    "steps of too few jobs": (("steps",), [1], None),
    "a step count of zero": (("steps",), [1, 0], "steps[1]"),
    "10^9 steps": (("steps",), [10**9, 1], None),
    "an unknown status": (("status",), "great", None),
    "a period without the objective": (("period",), 7, None),
    "the objective without a period": (("objective",), "period", "period"),
    "a lower bound without an argument": (("lower_bound",), 3, "bound"),
    "fill without a primary": (("mode",), "fill", "primary"),
    "a makespan in quotes": (("makespan",), "9", None),
    "an unknown key": (("comment",), "x", None),
    "an unknown key in the solver's record": (("solver", "cores"), 2, None),
    "another format": (("format",), "gapweave.schedule/2", None),
}


def valid_instance() -> Document:
    """A small instance without fault."""
    stages = [{"device": device, "forward": 1, "backward": 2} for device in range(2)]
    return {
        "format": "gapweave.instance/1",
        "name": "small",
        "devices": [{"name": "a"}, {"name": "b", "memory_capacity": 9}],
        "jobs": [
            {"name": "first", "microbatches": 2, "stages": stages, "forward_transfer": [1]},
            {"name": "second", "microbatches": 3, "stages": stages},
        ],
    }


def with_fault(document: Document, fault: Fault) -> tuple[bytes, str]:
    """Return the faulty document as text, and the field to be named."""
    path, value, field = fault
    faulty = copy.deepcopy(document)
    place: Any = faulty
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return json.dumps(faulty).encode(), field or field_path(path)


def field_path(path: Where) -> str:
    """Write a path as refusals do, for example ``jobs[0].stages[1].forward``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def broken_texts(document: Document) -> Iterator[tuple[str, bytes, str]]:
    """Yield texts that no reader of either format may accept: label, text, what the refusal says."""
    good = json.dumps(document).encode()
    depth = 10**5
    yield "truncated", good[:-20], "not JSON"
    yield "empty", b"", "is empty"
    yield "blank", b" \n\t", "is empty"
    yield "binary", bytes(range(256)) * 4, "not UTF-8"
    yield "UTF-16", good.decode().encode("utf-16"), "not UTF-8"
    yield "two documents", good + good, "not JSON"
    yield "a list", b"[" + good + b"]", "expected a JSON object, got a list of 1"
    yield "null", b"null", "expected a JSON object, got null"
    yield "a number of 5000 digits", b'{"format": ' + b"9" * 5000 + b"}", "thousands of digits"
    yield "lists nested 10^5 deep", b"[" * depth + b"]" * depth, "nest"
    yield "objects nested 10^5 deep", b'{"a":' * depth + b"1" + b"}" * depth, "nest"
    yield "a key given twice", b'{"name": 1, "name": 2, ' + good[1:], "name: duplicate key"
    yield "no format", b"{}", "format: missing"
    yield "the format of something else", b'{"format": "sheet/1"}', "format: expected"
