"""Copies of format models."""

from gapweave.instances.generator import make_instance


def test_a_copy_forgets_what_was_cached_of_the_original() -> None:
    instance = make_instance(devices=2, microbatches=(3,), seed=0, transfer=7)
    job = instance.jobs[0]
    assert job.forward_lags == (7,)
    together = tuple(stage.model_copy(update={"device": 0}) for stage in job.stages)
    assert job.model_copy(update={"stages": together}).forward_lags == (0,)
