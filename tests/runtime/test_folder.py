import os
from pathlib import Path

import pytest

from paragonsr.errors import InputError, MissingInputError, OutputError, OutputExistsError
from paragonsr.runtime.folder import Plan, plan


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of empty files; plans look at names only."""
    names = ["a.jpg", "b.PNG", "notes.txt", ".hidden.jpg", "sub/c d.webp", "sub/ß/写真.tif", ".cache/e.jpg"]
    for name in names:
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path / "photos"


def targets(found: Plan, root: Path) -> list[str]:
    return [job.target.relative_to(root).as_posix() for job in found.jobs]


def test_a_file_becomes_its_neighbour(tree: Path) -> None:
    assert targets(plan([tree / "a.jpg"], None, scale=2), tree) == ["a_2x.jpg"]
    assert targets(plan([tree / "b.PNG"], None, scale=3), tree) == ["b_3x.PNG"]
    assert targets(plan([tree / "a.jpg"], None, scale=2, suffix=".png"), tree) == ["a_2x.png"]
    assert targets(plan([tree / "notes.txt"], None, scale=2), tree) == ["notes_2x.png"]


def test_output_is_a_file_or_a_folder(tree: Path) -> None:
    source = [tree / "a.jpg"]
    assert targets(plan(source, tree / "x.webp", scale=2), tree) == ["x.webp"]
    assert targets(plan(source, tree / "new", scale=2), tree) == ["new/a_2x.jpg"]
    assert targets(plan(source, tree / "sub", scale=2), tree) == ["sub/a_2x.jpg"]
    (tree / "odd.png").mkdir()
    assert targets(plan(source, tree / "odd.png", scale=2), tree) == ["odd.png/a_2x.jpg"]


def test_a_folder_is_searched_and_mirrored(tree: Path, tmp_path: Path) -> None:
    found = plan([tree], tmp_path / "out", scale=2)
    assert targets(found, tmp_path / "out") == ["a_2x.jpg", "b_2x.PNG", "sub/c d_2x.webp", "sub/ß/写真_2x.tif"]
    assert targets(plan([tree], None, scale=2), tree) == targets(found, tmp_path / "out")
    assert found.skipped == ()


def test_goes_on_where_it_stopped(tree: Path) -> None:
    (tree / "a_2x.jpg").touch()
    for inputs in ([tree], sorted(tree.glob("*.[jP]*"))):
        found = plan(inputs, None, scale=2)
        assert "b_2x.PNG" in targets(found, tree)
        assert "a_2x.jpg" not in targets(found, tree)
        reasons = {path.name: reason for path, reason in found.skipped}
        assert reasons["a.jpg"].endswith("a_2x.jpg is already there")
        assert reasons["a_2x.jpg"] == "is the result of a.jpg"


def test_a_2x_without_its_original_is_a_picture_like_others(tree: Path) -> None:
    (tree / "z_2x.jpg").touch()
    assert "z_2x_2x.jpg" in targets(plan([tree], None, scale=2), tree)


def test_overwriting_plans_all_originals_again(tree: Path) -> None:
    (tree / "a_2x.jpg").touch()
    found = plan([tree], None, scale=2, overwrite=True)
    assert "a_2x.jpg" in targets(found, tree)
    assert "a_2x_2x.jpg" not in targets(found, tree)


def test_results_inside_the_folder_are_not_enlarged_again(tree: Path) -> None:
    (tree / "out").mkdir()
    (tree / "out" / "a_2x.jpg").touch()
    assert targets(plan([tree], tree / "out", scale=2), tree) == [
        "out/b_2x.PNG",
        "out/sub/c d_2x.webp",
        "out/sub/ß/写真_2x.tif",
    ]


def test_a_single_result_that_is_there_is_refused(tree: Path) -> None:
    (tree / "a_2x.jpg").touch()
    with pytest.raises(OutputExistsError, match="--overwrite"):
        plan([tree / "a.jpg"], None, scale=2)
    assert targets(plan([tree / "a.jpg"], None, scale=2, overwrite=True), tree) == ["a_2x.jpg"]


def test_no_input_is_overwritten(tree: Path) -> None:
    (tree / "a_2x.jpg").touch()
    (tree / "link.jpg").symlink_to(tree / "a.jpg")
    for output in (tree / "a.jpg", tree / "sub" / ".." / "a.jpg", tree / "link.jpg"):
        with pytest.raises(OutputError, match="is an input"):
            plan([tree / "a.jpg"], output, scale=2, overwrite=True)
    with pytest.raises(OutputError, match="is an input"):
        plan([tree / "a.jpg", tree / "a_2x.jpg"], None, scale=2, overwrite=True)


def test_two_sources_never_meet_in_one_target(tree: Path, tmp_path: Path) -> None:
    (tree / "a.png").touch()
    with pytest.raises(OutputError, match=r"a\.jpg and .*a\.png would both become"):
        plan([tree], None, scale=2, suffix=".webp")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.jpg").touch()
    with pytest.raises(OutputError, match="would both become"):
        plan([tree, tmp_path / "more"], tmp_path / "out", scale=2)
    assert len(plan([tree, tree / "a.jpg"], None, scale=2).jobs) == 5, "a file named twice is one job"


def test_several_pictures_need_a_folder(tree: Path) -> None:
    for output in (tree / "out.jpg", tree / "notes.txt"):
        with pytest.raises(OutputError, match="name a folder"):
            plan([tree], output, scale=2)


def test_what_is_not_there_is_named(tree: Path, tmp_path: Path) -> None:
    for inputs in ([tmp_path / "none.jpg"], [tree, tmp_path / "none.jpg"]):
        with pytest.raises(MissingInputError, match=r"none\.jpg: there is no such"):
            plan(inputs, None, scale=2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.txt").touch()
    with pytest.raises(MissingInputError, match="holds no picture"):
        plan([tmp_path / "empty"], None, scale=2)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may search every folder")
def test_a_folder_that_cannot_be_searched_is_named(tree: Path) -> None:
    (tree / "sub").chmod(0)
    try:
        with pytest.raises(InputError, match="cannot be searched"):
            plan([tree], None, scale=2)
    finally:
        (tree / "sub").chmod(0o755)
