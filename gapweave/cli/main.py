"""The entry point: runs one command and turns every exception into one line and an exit code.

Nothing heavy is imported here, so that an interrupt during start-up is caught as well.
"""

import errno
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

from gapweave.models.errors import GapweaveError, InvalidOption, OutputError

INTERRUPTED = 130
#: Names kept for commands to come.
_RESERVED = frozenset({"simulate", "bench"})
_WRONG_OPTIONS = 2
_NOT_WRITTEN = 8
_INTERNAL = 9
#: What only standard output can raise: every file goes through `gapweave.models.atomic_write`.
_OUTPUT_ERRNOS = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO, errno.EPIPE})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words after the program's name (default: those of this process). ``--debug`` may stand anywhere
        before a ``--``.

    Returns
    -------
    int
        The exit code. Errors are one line on standard error; below that of a run that failed is a table of
        its ranks. A traceback, and what went wrong without being an error, appear only with ``--debug``.
    """
    words, debug = _without_debug(sys.argv[1:] if arguments is None else arguments)
    if debug:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("gapweave").setLevel(logging.INFO)
    try:
        code = _run(words)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as exc:
        if debug:
            traceback.print_exc()
        code, message = _explain(exc)
        if message is not None:
            _print_error(message)
        _print_ranks(exc)
    _abandon_broken_output()
    return code


def _without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    words = list(arguments)
    options = words[: words.index("--")] if "--" in words else words
    rest = words[len(options) :]
    return [word for word in options if word != "--debug"] + rest, "--debug" in options


def _run(words: list[str]) -> int:
    from typer.main import get_command

    from gapweave.cli.app import app

    if words and words[0] in _RESERVED:
        raise InvalidOption(f"{words[0]}: there is no such command yet, the name is reserved")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    result = get_command(app).main(args=words, prog_name="gapweave", standalone_mode=False)
    if sys.stdout is None and "--help" in words:  # which typer prints, without a word if nothing takes it
        raise OutputError("standard output: is closed")
    if result == INTERRUPTED:  # what typer makes of a KeyboardInterrupt
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _explain(exc: BaseException) -> tuple[int, str | None]:
    """Return the exit code, and the error's line unless there is nothing to say."""
    import typer

    if isinstance(exc, BrokenPipeError) or isinstance(exc.__context__, BrokenPipeError):
        return _NOT_WRITTEN, None
    if isinstance(exc, SystemExit):
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None), None
    if isinstance(exc, GapweaveError):
        return exc.exit_code, str(exc)
    if isinstance(exc, KeyboardInterrupt | typer.Abort):
        return INTERRUPTED, "interrupted"
    if hasattr(exc, "format_message"):  # wrong options: typer has no public name for the base of its errors
        message = " ".join(exc.format_message().split())
        return _WRONG_OPTIONS, f"{message[:1].lower()}{message[1:].removesuffix('.')}"
    if isinstance(exc, OSError) and exc.errno in _OUTPUT_ERRNOS:
        return _NOT_WRITTEN, f"standard output: cannot be written: {exc.strerror}"
    problem = ": ".join(filter(None, [type(exc).__name__, str(exc)]))
    return _INTERNAL, f"internal error: {problem} (--debug shows the traceback)"


def _print_error(message: str) -> None:
    from gapweave.cli.output import printable

    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            print(f"gapweave: error: {printable(message)}", file=sys.stderr, flush=True)


def _print_ranks(exc: BaseException) -> None:
    """Say where every rank was when a run of several processes failed."""
    from gapweave.cli.rank_table import rank_table

    with suppress(OSError, ValueError):
        if sys.stderr is not None and (states := getattr(exc, "states", ())):
            print(rank_table(states), file=sys.stderr, flush=True)


def _abandon_broken_output() -> None:
    """Point a standard output that takes nothing more at the null device: Python flushes it at exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
