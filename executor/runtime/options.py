"""The settings of a run, as they are handed to the processes of its ranks."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from gapweave.executor.runtime.deadlines import DEFAULT_FLOOR, LONGEST
from gapweave.models.errors import InvalidOption

Backend: TypeAlias = Literal["auto", "gloo", "nccl", "one-gpu", "in-process"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
OnFailure: TypeAlias = Literal["stop", "continue"]


@dataclass(frozen=True)
class RunOptions:
    """How to run a schedule.

    Attributes
    ----------
    steps
        How often the whole schedule is carried out, with what an earlier run did that this one resumes.
    periods
        How many periods each of these steps is, of a schedule that was made of one with a period.
    jobs
        ``module:function`` or ``file.py:function`` that returns the training jobs for a schedule; None
        takes the ready-made ones.
    models, corpus, seed
        Of the ready-made jobs: a model for each job, the text that they learn, and their seed.
    deadline
        Seconds that a message is waited for, on top of a multiple of the planned idle time.
    checkpoint
        Folder of checkpoints.
    checkpoint_every
        Steps between checkpoints.
    resume
        Go on from the newest checkpoint.
    on_failure
        Of a secondary job's own stages: ``stop`` the run, or go on without that job (``continue``).
    record_all
        Keep the times of all steps rather than of the last two.
    """

    steps: int = 1
    backend: Backend = "auto"
    jobs: str | None = None
    models: tuple[str, ...] = ()
    corpus: str | None = None
    seed: int = 0
    deadline: float = DEFAULT_FLOOR
    checkpoint: str | None = None
    checkpoint_every: int = 1
    resume: bool = False
    on_failure: OnFailure = "stop"
    record_all: bool = False
    periods: int = 1

    def __post_init__(self) -> None:
        """Refuse a deadline that nothing could wait for."""
        if not 0 < self.deadline <= LONGEST:
            problem = f"expected seconds from 0.1 to {LONGEST:.0f}, got {self.deadline:g}"
            raise InvalidOption(f"--deadline: {problem}")

    def save(self, path: Path) -> None:
        """Write the settings to a file."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "RunOptions":
        """Read what ``save`` wrote."""
        values = json.loads(path.read_text())
        return cls(**values | {"models": tuple(values["models"])})
