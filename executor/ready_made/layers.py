"""How the layers of a model are dealt out to its stages."""

from gapweave.models.errors import InvalidOption


def layers_of_stages(layers: int, stages: int) -> list[int]:
    """Return the number of layers of each stage, as even as it goes, the later stages first.

    The last stage has the head as well, so it is the first to get one less.

    Raises
    ------
    InvalidOption
        There are fewer layers than stages.
    """
    layers = layers or stages
    if layers < stages:
        raise InvalidOption(
            f"--model: layers: expected at least one for each of {stages} stages, got {layers}"
        )
    share, more = divmod(layers, stages)
    order = range(stages - 1)
    richer = set(list(order)[len(order) - more :]) if more else set()
    return [share + (stage in richer) for stage in range(stages)]
