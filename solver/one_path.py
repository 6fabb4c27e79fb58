"""Whether all jobs take the same way through the devices."""

from gapweave.models.instance import Instance


def share_one_path(instance: Instance) -> bool:
    """Whether all jobs visit the same devices in the same order, each once.

    Then full memory cannot lead to a deadlock: on the last device a backward is ready as soon as its forward
    has ended, so that one empties, and then the device before it, and so on.
    """
    paths = {tuple(stage.device for stage in job.stages) for job in instance.jobs}
    return len(paths) == 1 and all(len(set(path)) == len(path) for path in paths)
