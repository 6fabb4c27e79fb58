"""The documentation is true: examples run, commands parse, names are those of the code, links lead."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from gapweave.cli.app import app
from gapweave.models import errors
from gapweave.models.bounds import SEARCH
from gapweave.models.bounds.arguments import ARGUMENTS, PERIOD_ARGUMENTS
from gapweave.models.instance import Device, Instance, Job, MicrobatchRule, Stage, StageMemory
from gapweave.models.schedule import Primary, Schedule, SolverRecord
from gapweave.solver.heuristics import heuristics

ROOT = Path(__file__).resolve().parent.parent
#: Folders that are made, not written.
MADE = {"build", "demo", "dist", "venv"}
#: Seconds that an example may ask for; what it shows does not depend on them.
MOST_SECONDS = 10
GAPWEAVE: Any = get_command(app)


def pages() -> list[Path]:
    """Every Markdown file of the project, relative to its root."""
    found = (page.relative_to(ROOT) for page in ROOT.rglob("*.md"))
    return sorted(page for page in found if not any(part[0] == "." or part in MADE for part in page.parts))


def text_of(page: str | Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    return text_of(page).split(f"\n## {heading}\n")[1].split("\n## ")[0]


def fenced(page: str, *languages: str) -> list[str]:
    """The contents of a page's code blocks in these languages."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)
    return [content for language, content in blocks if language in languages]


def command_lines(page: str) -> list[str]:
    """The lines of a page's shell blocks that call gapweave."""
    lines = "".join(fenced(page, "sh", "console")).replace("\\\n", " ").splitlines()
    return [line for line in (line.removeprefix("$ ") for line in lines) if line.startswith("gapweave ")]


def with_short_limits(example: str) -> str:
    def shortened(limit: re.Match[str]) -> str:
        return f"time_limit={min(int(limit[1]), MOST_SECONDS)}"

    return re.sub(r"time_limit=(\d+)", shortened, example)


def parse(words: Sequence[str]) -> None:
    """Find the command and read its options, without running it."""
    command, rest = GAPWEAVE, list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        command = command.commands[rest.pop(0)]
    with suppress(typer.Exit):  # --version, --help
        command.make_context("gapweave", rest)


def options(command: Any) -> Iterator[str]:
    """Every option of a command and of the commands below it."""
    for parameter in command.params:
        yield from (name for name in parameter.opts if name.startswith("-"))
    for below in getattr(command, "commands", {}).values():
        yield from options(below)


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/heuristics.md", "docs/python.md", "docs/tradeoff.md", "docs/training-jobs.md"],
)
def test_python_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = fenced(page, "python")
    assert examples
    names: dict[str, Any] = {"__name__": "example"}
    for example in examples:
        exec(compile(with_short_limits(example), page, "exec"), names)


@pytest.mark.parametrize("page", ["README.md", "docs/commands.md", "docs/heuristics.md", "docs/interop.md"])
def test_command_lines_parse(page: str) -> None:
    lines = command_lines(page)
    assert lines
    for line in lines:
        parse(shlex.split(line, comments=True)[1:])


@pytest.mark.parametrize("line", ["show pair.json --colour", "solve", "solve x --mode both", "paint x"])
def test_a_line_that_the_command_line_refuses_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|missing|not one of|paint"):
        parse(line.split())


@pytest.mark.parametrize("name", GAPWEAVE.commands)
def test_every_option_of_a_command_is_in_its_section(name: str) -> None:
    explained = section("docs/commands.md", name)
    assert [option for option in options(GAPWEAVE.commands[name]) if f"`{option}" not in explained] == []


@pytest.mark.parametrize("name", GAPWEAVE.commands)
def test_no_section_names_an_option_that_its_command_lacks(name: str) -> None:
    rows = [
        line.split(" | ")[0] for line in section("docs/commands.md", name).splitlines() if line[:3] == "| `"
    ]
    named = {option for row in rows for option in re.findall(r"`(--?[\w-]+)", row)}
    assert named <= set(options(GAPWEAVE.commands[name]))


def test_the_table_of_commands_is_complete() -> None:
    named = re.findall(r"^\| \[`(\w+)`\]\(#\w+\)", text_of("docs/commands.md"), re.MULTILINE)
    assert sorted(named) == sorted(GAPWEAVE.commands)


def test_every_exit_code_is_listed() -> None:
    listed = {
        int(code) for code in re.findall(r"^\| (\d+) \|", section("docs/commands.md", "Exit codes"), re.M)
    }
    raised = {error.exit_code for error in vars(errors).values() if hasattr(error, "exit_code")}
    assert raised < listed


def test_every_heuristic_is_in_a_table() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \|", text_of("docs/heuristics.md"), re.MULTILINE)
    ours = {name for name, one in heuristics().items() if type(one).__module__.startswith("gapweave.")}
    assert ours <= set(listed)


@pytest.mark.parametrize(
    "model", [Instance, Device, Job, Stage, StageMemory, MicrobatchRule, Schedule, Primary, SolverRecord]
)
def test_every_field_of_a_file_is_explained(model: Any) -> None:
    page = text_of("docs/formats.md")
    assert [name for name in model.model_fields if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", page)] == []


def test_every_argument_of_a_bound_is_explained() -> None:
    explained = section("docs/formats.md", "Bounds")
    names = (*ARGUMENTS, *PERIOD_ARGUMENTS, SEARCH)
    assert [name for name in names if f"| `{name}` |" not in explained] == []


def test_the_instance_on_the_page_of_formats_is_one() -> None:
    (example,) = fenced("docs/formats.md", "json")
    assert Instance.from_document(json.loads(example)).jobs[0].microbatch_count == 32


@pytest.mark.parametrize("page", pages(), ids=str)
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose)
    targets += re.findall(r"""\b(?:src|srcset|href)="([^"\s]+)""", prose)
    assert [target for target in targets if not leads(page, target)] == []


def leads(page: Path, target: str) -> bool:
    """Whether a link is one to elsewhere, or to a file (and heading) of the project."""
    if re.match(r"[a-z]+:", target):
        return True
    path, _, heading = target.partition("#")
    file = (ROOT / page).parent / path if path else ROOT / page
    return file.exists() and (not heading or heading in anchors(file))


def anchors(file: Path) -> set[str]:
    """The names of a page's headings in links."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
