"""Made-up measurements, from which instances are made without measuring anything."""

from hypothesis import strategies as st

from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.models.instance import StageMemory

TINY = ModelSpec(layers=2, width=8, heads=1, sequence=4, batch=1, dropout=0.2)


@st.composite
def stage_costs(draw: st.DrawFn, split: bool) -> StageCosts:
    """Any costs that a stage may have."""
    samples = st.lists(st.integers(1, 10**10), min_size=1, max_size=9)
    kinds = ("F", "B", "W", "O") if split else ("F", "B", "O")
    resident, forward, backward = (draw(st.integers(0, 10**9)) for _ in range(3))
    after_backward = backward if split else 0
    memory = StageMemory(
        resident=resident, forward=forward, backward=after_backward - forward, weight=-after_backward
    )
    sizes = st.integers(1, 10**6)
    return StageCosts({kind: draw(samples) for kind in kinds}, memory, draw(sizes), draw(sizes))


@st.composite
def jobs_of_costs(draw: st.DrawFn) -> list[list[StageCosts]]:
    """The costs of one to three jobs of as many stages each."""
    stages = draw(st.integers(1, 4))
    splits = draw(st.lists(st.booleans(), min_size=1, max_size=3))
    return [[draw(stage_costs(split)) for _ in range(stages)] for split in splits]
