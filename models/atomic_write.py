"""Writing files whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from gapweave.models.errors import OutputError


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write ``data`` to ``path`` through a temporary file beside it, fsync and rename.

    Raises
    ------
    OutputError
        Nothing was written; a file that stood there before is intact.
    """
    target = Path(path)
    try:
        _require_name(path)
        if target.is_dir():
            raise IsADirectoryError(21, "is a directory")
        # A link keeps pointing where it did, and a device such as /dev/stdout is no file to replace.
        target = target.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        _replace(target, data)
    except (OSError, ValueError) as exc:
        raise _unwritable(path, exc) from exc


def require_writable(path: str | Path) -> None:
    """Raise OutputError if `write_bytes` could not write here: better before long work than after it."""
    try:
        _require_name(path)
        target = Path(path).resolve()
        if target.is_dir():
            raise IsADirectoryError(21, "is a directory")
        if not target.parent.is_dir():
            raise FileNotFoundError(2, "its folder does not exist")
        if not os.access(target if target.exists() else target.parent, os.W_OK):
            raise PermissionError(13, "permission denied")
    except (OSError, ValueError) as exc:
        raise _unwritable(path, exc) from exc


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def _require_name(path: str | Path) -> None:
    if not str(path):
        raise ValueError("a file needs a name")


def _unwritable(path: str | Path, exc: OSError | ValueError) -> OutputError:
    reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return OutputError(f"{str(path) or repr('')}: cannot be written: {reason}")


def _replace(target: Path, data: bytes) -> None:
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(13, "permission denied")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:64]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
