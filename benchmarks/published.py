"""Results that others have published for shipped instances."""

from dataclasses import dataclass

from gapweave.instances.published_data import read_source


@dataclass(frozen=True)
class Published:
    """A published result for an instance, in ticks and seconds; no schedule comes with it.

    Attributes
    ----------
    greedy, annealed
        Makespans of the authors' greedy rule and of their simulated annealing.
    lower_bound
        The authors' own.
    """

    instance: str
    greedy: int
    annealed: int
    lower_bound: int
    seconds: int


def annealing() -> list[Published]:
    """Return the published results of simulated annealing.

    They hold for the instances with a memory limit, which is the annealed schedule's own peak, and so for
    those without one too. The seconds were measured on a many-core machine.

    References
    ----------
    RLHFuse: Efficient RLHF Training for Large Language Models with Inter- and Intra-Stage Fusion.
    arXiv:2409.13221.
    """
    return [
        Published(
            f"fusion-{row['number']:02}{variant}",
            row["greedy"],
            row["annealed"],
            row["lower_bound"],
            row["annealing_seconds"],
        )
        for variant in ("", "-cap")
        for row in read_source("two_model_fusion")["rows"]
    ]
