"""Memory capacities that grow on all devices alike: one number, the level, says how much is free on each."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from gapweave.models.instance import Instance
from gapweave.models.memory import peak_memory
from gapweave.models.schedule import Schedule
from gapweave.solver.problem import single_microbatch_needs
from gapweave.solver.room import free_capacities


@dataclass(frozen=True)
class MemoryLevels:
    """The capacities of an instance as a function of one level.

    Attributes
    ----------
    instance
        As placed.
    shape
        What is free on each device in proportion, shape (devices,): where the instance limits the memory of
        every device, its own proportions, else all alike. At a level, a device has ``level x shape / largest
        shape`` beyond what is resident, rounded down.
    """

    instance: Instance
    shape: tuple[int, ...]

    @classmethod
    def of(cls, instance: Instance) -> "MemoryLevels":
        """Take the proportions of an instance."""
        free = free_capacities(instance)
        limited = [amount for amount in free if amount is not None]
        if len(limited) < len(free) or not any(limited):
            return cls(instance, (1,) * len(free))
        return cls(instance, tuple(limited))

    @property
    def given(self) -> int | None:
        """The level of the instance itself; None if it does not limit the memory of every device."""
        free = free_capacities(self.instance)
        return None if None in free else max(self.shape)

    @property
    def quantum(self) -> int:
        """What all levels that matter are multiples of."""
        if len(set(self.shape)) > 1:
            return 1
        memories = [stage.memory for job in self.instance.jobs for stage in job.stages]
        deltas = (delta for memory in memories for delta in (memory.forward, memory.backward, memory.weight))
        return max(1, gcd(*deltas))

    @property
    def least(self) -> int:
        """The least level at which a schedule exists.

        Below it a microbatch of some job does not fit. At it, microbatches can run one at a time.
        """
        return self.needed(single_microbatch_needs(self.instance))

    def needed(self, held: Sequence[int]) -> int:
        """Return the least level at which devices can hold these amounts beyond what is resident."""
        largest = max(self.shape)
        return max(
            -(-amount * largest // own) if amount else 0 for amount, own in zip(held, self.shape, strict=True)
        )

    def needed_by(self, schedule: Schedule) -> int:
        """Return the least level at which a schedule fits."""
        resident = self.instance.resident_memory
        peaks = peak_memory(schedule)
        return self.needed([peak - own for peak, own in zip(peaks, resident, strict=True)])

    def at(self, level: int | None) -> Instance:
        """Return the instance with the capacities of a level; None: without any limit."""
        devices = tuple(
            device.model_copy(update={"memory_capacity": self._capacity(number, level)})
            for number, device in enumerate(self.instance.devices)
        )
        return self.instance.model_copy(update={"devices": devices})

    def _capacity(self, device: int, level: int | None) -> int | None:
        if level is None:
            return None
        free = level * self.shape[device] // max(self.shape)
        return self.instance.resident_memory[device] + free
