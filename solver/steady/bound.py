"""Lower bounds on the period of steady state."""

from gapweave.models.schedule import Bound
from gapweave.solver.bounds import ProvenBound, step_span
from gapweave.solver.steady.graph import CyclicGraph


def period_bound(graph: CyclicGraph) -> ProvenBound:
    """A device runs one task at a time, and the steps of a job follow each other."""
    device = int(graph.load.argmax())
    load = ProvenBound(int(graph.load[device]), Bound(argument="device-load", certificate={"device": device}))
    return max(load, step_span.propose(graph.instance, graph.arrays.steps), key=lambda bound: bound.value)
