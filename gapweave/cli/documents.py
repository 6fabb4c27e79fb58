"""Input files: which kind one is, and whether its schedule keeps the rules."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gapweave.models.errors import InvalidFile, InvalidInstance, InvalidSchedule, Rejected

if TYPE_CHECKING:
    from gapweave.models.instance import Instance
    from gapweave.models.schedule import Schedule
    from gapweave.models.verify import Violation


def load_either(argument: str) -> "Instance | Schedule":
    """Read a schedule file, an instance file, or a shipped instance by its name.

    Raises
    ------
    InvalidFile
        The file is missing, unreadable, of neither format, or breaks its format.
    """
    from gapweave.instances import find
    from gapweave.models.instance import INSTANCE_FORMAT, MAX_INSTANCE_BYTES
    from gapweave.models.schedule import MAX_SCHEDULE_BYTES, SCHEDULE_FORMAT
    from gapweave.models.strict_json import read_json

    file = find(argument)
    document = read_json(file, MAX_SCHEDULE_BYTES, InvalidFile)
    written = document.get("format") if isinstance(document, dict) else None
    if written == INSTANCE_FORMAT and file.stat().st_size > MAX_INSTANCE_BYTES:
        raise InvalidInstance("", f"larger than {MAX_INSTANCE_BYTES // 2**20} MiB", str(file))
    if written not in (INSTANCE_FORMAT, SCHEDULE_FORMAT):
        raise _unknown_format(document, f"expected {SCHEDULE_FORMAT!r} or {INSTANCE_FORMAT!r}", str(file))
    return _parsed(document, written == INSTANCE_FORMAT, str(file))


def refuse_violations(path: str, violations: "Sequence[Violation]") -> None:
    """Raise Rejected, with the file's name and the first violation, if there are any."""
    from gapweave.cli.output import counted

    if violations:
        raise Rejected(f"{path}: {counted(len(violations), 'violation')}, first: {violations[0]}")


def _parsed(document: Any, is_instance: bool, path: str) -> "Instance | Schedule":
    from gapweave.models.instance import Instance
    from gapweave.models.schedule import Schedule

    try:
        return Instance.from_document(document) if is_instance else Schedule.from_document(document)
    except (InvalidInstance, InvalidSchedule) as exc:
        raise type(exc)(exc.field, exc.problem, path) from exc


def _unknown_format(document: Any, expected: str, path: str) -> InvalidFile:
    from gapweave.models.fields import shown

    if not isinstance(document, dict):
        return InvalidFile("", f"expected a JSON object, got {shown(document)}", path)
    if "format" not in document:
        return InvalidFile("format", f"missing, {expected}", path)
    return InvalidFile("format", f"{expected}, got {shown(document['format'])}", path)
