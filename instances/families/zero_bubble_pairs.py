"""Two measured pipelines on the same devices: ``zb-A+B-pP-mM-1x|2x``. The pairing is ours."""

from collections.abc import Iterator

from gapweave.instances.families.zero_bubble import Measurement, measured_instance, measurements
from gapweave.models.instance import Instance

_PAIRS = (("6.2B", "1.5B"), ("6.2B", "6.2B"), ("14.6B", "14.6B"), ("28.3B", "28.3B"))


def instances() -> Iterator[Instance]:
    """Yield each pair of models at every number of microbatches that both were measured with."""
    rows = measurements()
    for primary_model, secondary_model in _PAIRS:
        primaries = (row for row in rows if row.model == primary_model)
        secondaries = (row for row in rows if row.model == secondary_model)
        for primary, secondary in zip(primaries, secondaries, strict=True):
            yield _pair(primary, secondary, 1)
            yield _pair(primary, secondary, 2)


def _pair(primary: Measurement, secondary: Measurement, times: int) -> Instance:
    stages, microbatches = primary.stages, primary.microbatches
    if (secondary.stages, secondary.microbatches) != (stages, microbatches):
        raise ValueError(f"{primary.model} and {secondary.model} were measured in different sizes")
    held = times * stages
    return measured_instance(
        f"zb-{primary.model.lower()}+{secondary.model.lower()}-p{stages}-m{microbatches}-{times}x",
        f"Two jobs in the same device order, {stages} stages and {microbatches} microbatches each: "
        f"{primary.text} and {secondary.text}. Times of each as measured at this number of microbatches, "
        f"backward split into B and W; each device has memory for {held} microbatches in flight of the "
        "larger job. The pairing is ours, it was not published.",
        held * max(primary.memory.forward, secondary.memory.forward),
        primary.job("primary"),
        secondary.job("secondary"),
    )
