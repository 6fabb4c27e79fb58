"""Lower bounds on the period of steady state."""

from gapweave.models.schedule import Bound
from gapweave.solver.bounds import ProvenBound, memory_time, step_ramps, step_span
from gapweave.solver.steady.graph import CyclicGraph


def period_bound(graph: CyclicGraph) -> ProvenBound:
    """A device runs one task at a time, the steps of a job follow each other, and memory is limited."""
    device = int(graph.load.argmax())
    load = ProvenBound(int(graph.load[device]), Bound(argument="device-load", certificate={"device": device}))
    steps = graph.arrays.steps
    others = (
        step_span.propose(graph.instance, steps),
        step_ramps.propose(graph.instance, steps),
        memory_time.propose(graph.instance, steps),
    )
    return max((load, *filter(None, others)), key=lambda bound: bound.value)
