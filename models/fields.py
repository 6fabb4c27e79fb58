"""Field types shared by both file formats, and the one-line form of a validation error."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError

from gapweave.models.strict_json import join_path

#: Largest magnitude of a time or of a memory amount in an instance.
MAX_MAGNITUDE = 2**42
#: Largest number of tasks of an instance, over all jobs and steps.
MAX_TASKS = 2_000_000


def _check_encodable(text: str) -> str:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise FieldError((), "expected valid Unicode text, got a lone surrogate") from None
    return text


Text = Annotated[StrictStr, AfterValidator(_check_encodable)]
Count = Annotated[int, Field(strict=True, ge=1)]
Index = Annotated[int, Field(strict=True, ge=0)]
Duration = Annotated[int, Field(strict=True, ge=1, le=MAX_MAGNITUDE)]
NonNegative = Annotated[int, Field(strict=True, ge=0, le=MAX_MAGNITUDE)]
Delta = Annotated[int, Field(strict=True, ge=-MAX_MAGNITUDE, le=MAX_MAGNITUDE)]


def _check_finite(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise FieldError((), "expected JSON values, got NaN or an infinity") from None
    return value


#: An object of any keys and JSON values.
JsonObject = Annotated[dict[str, Any], AfterValidator(_check_finite)]


class FormatModel(BaseModel):
    """Base of every object in a file: immutable, and refusing keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with some fields replaced; what was cached of the original does not come along."""
        copied = super().model_copy(update=update, deep=deep)
        for cached in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[cached]
        return copied


class FieldError(ValueError):
    """A rule over several fields is broken; ``where`` is relative to the object that is validated."""

    def __init__(self, where: Sequence[str | int], problem: str) -> None:
        self.where = tuple(where)
        self.problem = problem
        super().__init__(problem)


def first_problem(errors: ValidationError, union_tags: frozenset[str] = frozenset()) -> tuple[str, str]:
    """Return field path and one-line problem of the first validation error.

    ``union_tags`` are location parts that pydantic adds for a union's branch; they are no fields.
    """
    error = errors.errors(include_url=False)[0]
    where: list[str | int] = [part for part in error["loc"] if part not in union_tags]
    problem = _problem(error["type"], error.get("ctx", {}), error.get("input"), error["msg"])
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, FieldError):
        where += cause.where
        problem = cause.problem
    return join_path(where), problem


def shown(value: object) -> str:
    """Return a short one-line form of a wrong value."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**40 else "a huge integer"
    return text if len(text) <= 40 else text[:37] + "..."


def _problem(kind: str, context: dict[str, Any], value: object, message: str) -> str:
    expected = {
        "missing": "missing",
        "extra_forbidden": "unknown key",
        "int_type": "expected an integer",
        "int_from_float": "expected an integer",
        "string_type": "expected a string",
        "string_unicode": "expected valid Unicode text",
        "bool_type": "expected true or false",
        "float_type": "expected a number",
        "finite_number": "expected a finite number",
        "tuple_type": "expected a list",
        "list_type": "expected a list",
        "dict_type": "expected an object",
        "model_type": "expected an object",
        "model_attributes_type": "expected an object",
        "greater_than_equal": "expected an integer >= {ge}",
        "less_than_equal": "expected an integer <= {le}",
        "literal_error": "expected {expected}",
        "too_short": "expected at least {min_length} entries",
        "too_long": "expected at most {max_length} entries",
    }.get(kind)
    if kind in ("missing", "extra_forbidden"):
        return str(expected)
    if expected is None:
        return message[:1].lower() + message[1:]
    return f"{expected.format(**context)}, got {shown(value)}"
