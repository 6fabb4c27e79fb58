"""A loss or a gradient that is no number: the job must stop before its optimizer spreads it."""

from gapweave.models.errors import ExecutionFailed


class NonFinite(ExecutionFailed):
    """A loss or gradient is infinite or not a number; names job, step (counted from 1), stage and place.

    Attributes
    ----------
    step
        Of the job's training, from 0.
    """

    def __init__(self, what: str, job: int, step: int, stage: int) -> None:
        super().__init__(f"job {job}, step {step + 1}, stage {stage}: {what} is not finite")
        self.job = job
        self.step = step
        self.stage = stage
