"""What the tests build on is itself valid, by brute force."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from rule_simulator import broken_rules, has_exactly_its_tasks
from schedule_factory import random_instance, random_schedule


@given(st.integers(0, 2**32))
def test_every_made_schedule_keeps_the_rules(seed: int) -> None:
    rng = Random(seed)
    schedule = random_schedule(rng, random_instance(rng))
    assert has_exactly_its_tasks(schedule)
    assert broken_rules(schedule) == set()
