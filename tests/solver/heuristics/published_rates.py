"""The published measurements of zero-bubble schedules."""

import json
from typing import Any

from gapweave.instances import FOLDER
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule

ROWS: list[dict[str, Any]] = json.loads(
    (FOLDER / "sources" / "zero_bubble_measured.json").read_text(encoding="utf-8")
)["rows"]


def instance_name(row: dict[str, Any], memory: str) -> str:
    """Name of the shipped instance of one row with memory for P (``1x``) or 2P (``2x``) microbatches."""
    return f"zb-{row['model'].lower()}-p{row['stages']}-m{row['microbatches']}-{memory}"


def stage_span_rate(schedule: Schedule) -> float:
    """The rate to four decimals, as published."""
    return round(measure(schedule).stage_span_bubble_rate, 4)
