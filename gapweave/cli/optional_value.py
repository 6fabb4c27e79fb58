"""Options whose value may be left out: ``--pareto`` means ``--pareto slowdown``."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from typer.core import TyperCommand


def with_optional_values(choices: Mapping[str, type[StrEnum]]) -> type[TyperCommand]:
    """Return the kind of command that takes the first choice where one of these options has none.

    The word after such an option is its value only if it is one of the choices: an argument may follow.
    """

    class Command(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            return super().parse_args(ctx, completed(args, choices))

    return Command


def completed(words: Sequence[str], choices: Mapping[str, type[StrEnum]]) -> list[str]:
    """Join each option with its value, or with the first choice if the next word is no choice."""
    ahead = list(words)
    result: list[str] = []
    while ahead:
        word = ahead.pop(0)
        if word == "--":
            return [*result, word, *ahead]
        if word in choices:
            known = [choice.value for choice in choices[word]]
            word = f"{word}={ahead.pop(0) if ahead and ahead[0] in known else known[0]}"
        result.append(word)
    return result
