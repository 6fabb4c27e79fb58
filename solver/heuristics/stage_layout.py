"""How the stages of one job lie on the devices: interleaved, or as a V."""

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Job


def require_interleaved(job: Job, policy: str) -> list[int]:
    """Return the devices in the order of the first stages; stage k must lie on device k mod P of them.

    Raises
    ------
    NotApplicable
        Each device has one stage only, or the stages do not go round the devices in turn.
    """
    devices = [stage.device for stage in job.stages]
    count = len(set(devices))
    if count == len(devices):
        raise NotApplicable(f"{policy} needs several stages per device, here each device has one")
    if devices != devices[:count] * (len(devices) // count):
        raise NotApplicable(f"{policy} needs stages that go round the devices in turn, these do not")
    return devices[:count]


def require_v(job: Job, policy: str) -> list[int]:
    """Return the devices in the order of the first P of 2P stages; the others must go the same way back.

    Raises
    ------
    NotApplicable
        The stages do not form a V.
    """
    devices = [stage.device for stage in job.stages]
    count = len(set(devices))
    if 2 * count != len(devices) or devices[count:] != devices[:count][::-1]:
        problem = f"these are {len(devices)} on {count}"
        raise NotApplicable(f"{policy} needs 2P stages on P devices, forth and back as a V, {problem}")
    return devices[:count]
