import os
import subprocess
import sys
from pathlib import Path

import pytest

import gapweave.instances
from gapweave.instances import best_known, find, names
from gapweave.models.errors import InvalidInstance
from gapweave.models.instance import Instance


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["opposed-x1", "zb-6.2b+1.5b-p8-m24-1x"])
def test_a_shipped_name_loads_the_instance_of_that_name(empty_folder: Path, name: str) -> None:
    assert Instance.load(name).name == name
    assert Instance.load(Path(name)).name == name


def test_an_existing_file_wins_over_a_shipped_name(empty_folder: Path) -> None:
    mine = Path("opposed-x1")
    mine.write_text("{}")
    assert find("opposed-x1") == mine


def test_a_name_in_a_folder_is_a_path_and_no_shipped_name(empty_folder: Path) -> None:
    text = os.path.join(".", "opposed-x1")
    with pytest.raises(InvalidInstance, match="cannot be read: No such file"):
        Instance.load(text)


@pytest.mark.parametrize("text", ["absent.json", "opposed-x1.json", "notes.txt", "absent/opposed-x1"])
def test_a_missing_path_comes_back_unchanged(empty_folder: Path, text: str) -> None:
    assert find(text) == Path(text)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("opposed-x5", "opposed-x4"),
        ("fusion9", "fusion-09"),
        ("zb-6.2b-p8-m24-3x", "zb-6.2b-p8-m24-1x"),
        ("zb-28.3b-p32", "zb-28.3b-p32-m96-1x"),
        ("UNEVEN-P8-M32", "uneven-p8-m32"),
    ],
)
def test_a_wrong_name_is_refused_with_names_that_are_close(
    empty_folder: Path, wrong: str, meant: str
) -> None:
    with pytest.raises(InvalidInstance, match="no shipped instance of this name") as caught:
        find(wrong)
    assert caught.value.path == wrong
    assert meant in caught.value.problem


@pytest.mark.parametrize("wrong", ["", "qqqq", "x\0y", "a" * 100_000, "ü"])
def test_a_name_like_no_other_is_refused_without_a_proposal(empty_folder: Path, wrong: str) -> None:
    with pytest.raises(InvalidInstance, match="see gapweave instances list"):
        find(wrong)


def test_names_are_sorted_with_their_numbers_in_order() -> None:
    shipped = names()
    assert shipped.index("uniform-p8-m8-k2") < shipped.index("uniform-p8-m16-k2")
    assert shipped.index("opposed-x4") < shipped.index("opposed-x16")
    assert shipped.index("zb-6.2b-p8-m24-1x") < shipped.index("zb-28.3b-p32-m96-1x")


def test_best_known_results_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gapweave.instances, "FOLDER", tmp_path)
    assert best_known() == {}
    (tmp_path / "best_known.json").write_text('{"opposed-x1": {"upper_bound": 16}}')
    assert best_known() == {"opposed-x1": {"upper_bound": 16}}
    assert names() == []


def test_best_known_results_are_of_shipped_instances() -> None:
    assert set(best_known()) <= set(names())


def test_finding_an_instance_imports_neither_numpy_nor_pydantic() -> None:
    program = (
        "import sys; from gapweave.instances import find; find('opposed-x1'); "
        "print(*({'numpy', 'pydantic', 'networkx'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
