"""Its presence puts this folder on the import path, so that every test can import `schedule_factory`."""

from hypothesis import settings

# Machines differ and are shared: no example fails for being slow.
settings.register_profile("gapweave", deadline=None)
settings.load_profile("gapweave")
