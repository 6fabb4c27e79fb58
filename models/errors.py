"""The exceptions of gapweave, under one base, each with the exit code that the command line gives it."""


class GapweaveError(Exception):
    """Base of every error that gapweave raises on purpose; its text is one line."""

    exit_code = 9


class InvalidFile(GapweaveError):
    """An input file is missing, unreadable, or breaks its format."""

    exit_code = 3

    def __init__(self, field: str, problem: str, path: str | None = None) -> None:
        self.field = field
        self.problem = problem
        self.path = path
        super().__init__(": ".join(part for part in (path, field, problem) if part))


class InvalidInstance(InvalidFile):
    """A problem instance breaks the format ``gapweave.instance/1``."""


class InvalidSchedule(InvalidFile):
    """A schedule breaks the format ``gapweave.schedule/1``."""


class InvalidOption(GapweaveError):
    """An option asks for something that does not exist or does not go together."""

    exit_code = 2


class NotApplicable(GapweaveError):
    """A heuristic cannot schedule this instance; the text says why."""

    exit_code = 5


class Infeasible(GapweaveError):
    """No schedule exists, and this is proven."""

    exit_code = 4


class NothingFound(GapweaveError):
    """No schedule was found within the limit, and none was proven impossible."""

    exit_code = 5


class Interrupted(GapweaveError):
    """The user stopped the work before there was anything to show."""

    exit_code = 130


class Rejected(GapweaveError):
    """The verifier rejected a schedule, or the certificate of a bound is false."""

    exit_code = 6


class ExecutionFailed(GapweaveError):
    """A run of a schedule failed: a rank died or hung, numbers were not finite, or results differ."""

    exit_code = 7


class OutputError(GapweaveError):
    """An output file could not be written; what stood there before is intact."""

    exit_code = 8


class InternalError(GapweaveError):
    """Something that must not happen, such as a solver's answer that a verified schedule contradicts."""

    exit_code = 9


class MissingExtra(GapweaveError):
    """An optional dependency is not installed."""

    exit_code = 9

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'gapweave[{extra}]'")
