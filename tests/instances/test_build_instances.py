import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gapweave.instances
from gapweave.instances import FOLDER, build, names
from gapweave.instances.compact_json import dumps
from gapweave.instances.published_data import read_source, whole


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the shipped files be copies that a test may break."""
    for file in FOLDER.glob("*.json"):
        shutil.copy(file, tmp_path)
    shutil.copytree(FOLDER / "sources", tmp_path / "sources")
    for module in (gapweave.instances, build, gapweave.instances.published_data):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    return tmp_path


def test_the_shipped_files_are_what_their_sources_give() -> None:
    assert build.main(["--check"]) == 0


def test_every_shipped_instance_is_built_and_the_reverse() -> None:
    assert set(build.build_all()) == set(names())


def test_check_names_a_changed_and_a_missing_file_and_changes_nothing(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed, missing = copied / "opposed-x1.json", copied / "opposed-x2.json"
    changed.write_text(changed.read_text() + "\n")
    missing.unlink()
    before = changed.read_bytes()
    assert build.main(["--check"]) == 1
    printed = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in printed] == ["opposed-x1", "opposed-x2"]
    assert changed.read_bytes() == before
    assert not missing.exists()


def test_build_restores_what_check_names(copied: Path) -> None:
    original = (copied / "opposed-x1.json").read_bytes()
    (copied / "opposed-x1.json").write_text("{}")
    assert build.main([]) == 0
    assert (copied / "opposed-x1.json").read_bytes() == original
    assert build.main(["--check"]) == 0


def test_a_changed_source_outdates_its_own_family_alone(copied: Path) -> None:
    source = copied / "sources" / "uneven_stages_measured.json"
    source.chmod(0o644)
    source.write_text(json.dumps(json.loads(source.read_text()) | {"transfer": 474}))
    assert set(build.outdated()) == {"uneven-p8-m32"}


def test_a_file_that_no_family_builds_is_named(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "stranger.json").write_text("{}")
    assert build.main(["--check"]) == 1
    assert capsys.readouterr().err == "stranger: no family builds this file\n"


@pytest.mark.parametrize("name", [file.stem for file in sorted((FOLDER / "sources").glob("*.json"))])
def test_every_source_says_where_it_comes_from(name: str) -> None:
    assert read_source(name)["source"]


def test_a_published_decimal_is_never_rounded() -> None:
    row = read_source("zero_bubble_measured")["rows"][0]
    assert whole(row["forward_ms"], 1000) == 18522
    with pytest.raises(ValueError, match="is no integer"):
        whole(row["forward_ms"], 100)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=40) | st.dictionaries(st.text(), children, max_size=40),
    max_leaves=60,
)


@given(JSON_VALUES)
def test_compact_json_says_the_same_as_json(value: Any) -> None:
    assert json.loads(dumps(value)) == value


@given(st.lists(st.dictionaries(st.text("abc"), st.integers(0, 9), max_size=3), max_size=40))
def test_compact_json_breaks_only_lines_that_are_too_long(value: list[dict[str, int]]) -> None:
    assert max(map(len, dumps(value).splitlines())) <= 161
    assert ("\n" in dumps(value)) == (len(json.dumps(value)) > 160)
