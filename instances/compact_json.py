"""JSON for people: whatever fits stands on one line, such as a stage or a device."""

import json
from typing import Any

_WIDTH = 160


def dumps(value: Any, indent: int = 0) -> str:
    """Return ``value`` as JSON text, with objects and lists opened only where a line would be too long.

    Parameters
    ----------
    value
        JSON values: dict, list, str, int, float, bool, None.
    indent
        Depth at which the text starts, one space each.
    """
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    newline = "\n" + " " * (indent + 1)
    if isinstance(value, list):
        entries = [dumps(entry, indent + 1) for entry in value]
        return f"[{newline}{f',{newline}'.join(entries)}]"
    fields = [f"{json.dumps(key)}: {dumps(entry, indent + 1)}" for key, entry in value.items()]
    return f"{{{newline}{f',{newline}'.join(fields)}}}"
