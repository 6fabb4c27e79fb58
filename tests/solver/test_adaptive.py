"""What searches learn: choices that pay are made more often, sizes follow the effort."""

from random import Random

import pytest

from gapweave.solver.adaptive import Arms, Size


@pytest.mark.parametrize(
    ("good", "bad"),
    [pytest.param((8.0, 1.0), (0.1, 1.0), id="gain"), pytest.param((1.0, 0.1), (1.0, 10.0), id="cost")],
)
def test_a_choice_of_more_gain_for_its_cost_is_made_more_often(
    good: tuple[float, float], bad: tuple[float, float]
) -> None:
    arms, rng = Arms(["good", "bad"]), Random(0)
    for _ in range(100):
        arms.learn("good", *good)
        arms.learn("bad", *bad)
    drawn = [arms.choose(rng) for _ in range(1_000)]
    assert drawn.count("good") > 800


def test_a_choice_that_never_pays_is_still_tried() -> None:
    arms, rng = Arms(["good", "bad"]), Random(0)
    for _ in range(1_000):
        arms.learn("bad", gain=0.0, cost=1.0)
    assert "bad" in {arms.choose(rng) for _ in range(100)}


def mean(size: Size) -> float:
    rng = Random(0)
    return sum(size.draw(rng) for _ in range(200)) / 200


def test_a_search_that_gives_up_gets_smaller_neighbourhoods_down_to_the_least() -> None:
    size, least = Size(60, 12, 500), Size(12, 12, 500)
    for _ in range(3):
        size.learn(was_solved=True, gave_up=True)
    assert mean(least) < mean(size) < mean(Size(60, 12, 500))
    for _ in range(100):
        size.learn(was_solved=True, gave_up=True)
    assert mean(size) == mean(least)


def test_a_search_that_answers_gets_larger_ones_up_to_the_most() -> None:
    size = Size(60, 12, 100)
    for _ in range(100):
        size.learn(was_solved=True, gave_up=False)
    assert mean(size) == mean(Size(100, 12, 100))


def test_no_size_is_larger_than_there_are_tasks() -> None:
    assert mean(Size(60, 12, 5)) == mean(Size(5, 5, 5))
