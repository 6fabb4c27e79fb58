"""The bytes of the text that ready-made jobs learn."""

from pathlib import Path

from gapweave.models.errors import InvalidFile

#: gapweave's own documentation, in the package.
SHIPPED = Path(__file__).parent / "corpus.txt"


def read_text(path: str | Path | None, sequence: int) -> bytes:
    """Read a text; None reads the one that is shipped.

    Raises
    ------
    InvalidFile
        The file is missing, unreadable, or has no more bytes than a sequence.
    """
    file = SHIPPED if path is None else Path(path)
    try:
        content = file.read_bytes()
    except OSError as exc:
        raise InvalidFile("", f"cannot be read: {exc.strerror}", str(file)) from exc
    if len(content) <= sequence:
        problem = f"expected more than {sequence} bytes (one sequence and its next byte), got {len(content)}"
        raise InvalidFile("", problem, str(file))
    return content
