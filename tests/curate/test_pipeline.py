"""From photographs to a set: the same whatever happened on the way, and every photograph and tile with its reason."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from paragonsr import jobs
from paragonsr.artifacts import manifest
from paragonsr.artifacts.store import Store
from paragonsr.curate import pipeline, sources, unit
from paragonsr.curate.config import Bounds, Curation, Set, Sources, Weights
from paragonsr.curate.summary import summarise
from paragonsr.curate.unit import Job
from paragonsr.errors import AssetError, DataError, MissingInputError, RecipeError

replace = msgspec.structs.replace


def curate(photographs, out, config, pool, **options):
    pipeline.curate((photographs,), pipeline.plan(config, out), pool, **options)
    return rows(out)


def rows(out):
    return parquet.read_table(out / "manifest.parquet").to_pylist()


def result(out):
    """All that a set is, without its parts, whose cut depends on where a run was interrupted."""
    files = (path for path in out.rglob("*") if path.is_file() and "parts" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_a_set_holds_what_the_manifest_says(photographs, tmp_path, config, pool):
    found = curate(photographs, tmp_path / "set", config, pool)
    assert Counter(row["verdict"] for row in found)["kept"] > 20
    assert [row["photo"] for row in found] == sorted(row["photo"] for row in found)
    kept = {row["tile"]: row for row in found if row["verdict"] == "kept"}
    tiles = {path.name: np.asarray(Image.open(path)) for path in (tmp_path / "set" / "tiles").glob("*.webp")}
    assert set(tiles) == set(kept)
    for name, row in kept.items():
        if row["scale"] == "100":
            whole = np.asarray(Image.open(photographs / row["photo"]))
            top, left = row["top"], row["left"]
            np.testing.assert_array_equal(tiles[name], whole[top : top + 64, left : left + 64])
        assert row["reason"] is None
    assert all(row["reason"] and row["detail"] for row in found if row["verdict"] != "kept")
    about = parquet.read_metadata(tmp_path / "set" / "manifest.parquet").metadata
    assert about[b"paragonsr.schema_version"] == b"1"
    assert msgspec.json.decode(about[b"paragonsr.recipe"], type=Curation) == config


def test_the_same_bytes_for_any_number_of_workers_and_any_size_of_units(photographs, tmp_path, config, pool):
    curate(photographs, tmp_path / "one", config, pool)
    with jobs.executor("local:2", pipeline.PRELOAD) as two:
        curate(photographs, tmp_path / "two", config, two)
    assert result(tmp_path / "one") == result(tmp_path / "two")
    curate(photographs, tmp_path / "three", replace(config, photos_per_unit=5), pool)
    same = {name: content for name, content in result(tmp_path / "one").items() if name.startswith("tiles/")}
    assert same.items() <= result(tmp_path / "three").items()


def test_the_same_command_again_does_nothing_again(photographs, tmp_path, config, pool):
    curate(photographs, tmp_path / "set", config, pool)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*.webp")}
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "set" / "parts").rglob("*.parquet")}
    whole = result(tmp_path / "set")

    class Idle:
        workers, deaths, ends = 1, (), ()

        def submit(self, work, unit):
            raise AssertionError("nothing is left to do")

    curate(photographs, tmp_path / "set", config, Idle())
    assert result(tmp_path / "set") == whole
    assert all(path.stat().st_mtime_ns == changed for path, changed in (before | parts).items())


def test_a_photograph_that_is_new_or_changed_is_measured_and_one_that_is_gone_leaves(
    photographs, tmp_path, config, pool, picture
):
    curate(photographs, tmp_path / "set", config, pool)
    (photographs / "0.png").unlink()
    Image.fromarray(picture(50, 150, 200)).save(photographs / "1.png")
    Image.fromarray(picture(51, 150, 200)).save(photographs / "new.png")
    again = curate(photographs, tmp_path / "set", config, pool)
    curate(photographs, tmp_path / "fresh", config, pool)
    assert result(tmp_path / "set") == result(tmp_path / "fresh")
    assert {row["photo"] for row in again} == {"1.png", "2.png", "3.png", "more/4.png", "more/5.png", "new.png"}


def test_stages_one_by_one_are_the_whole(photographs, tmp_path, config, pool):
    curate(photographs, tmp_path / "whole", config, pool)
    for step in pipeline.STEPS:
        pipeline.curate((photographs,), pipeline.plan(config, tmp_path / "steps"), pool, steps=(step,))
    assert result(tmp_path / "whole") == result(tmp_path / "steps")


def test_bounds_are_changed_without_a_picture(photographs, tmp_path, config, pool):
    curate(photographs, tmp_path / "set", config, pool)
    stricter = replace(config, bounds=replace(config.bounds, min_contrast=38.0), set=Set(tiles_per_photo=2))
    moved = photographs.rename(tmp_path / "away")
    pipeline.apply(pipeline.plan(stricter, tmp_path / "set"))
    judged = rows(tmp_path / "set")
    assert {row["reason"] for row in judged} >= {None, "contrast", "cap"}
    for row in judged:
        assert (row["reason"] == "contrast") == (row["contrast"] < 38)
    assert max(Counter(row["photo"] for row in judged if row["verdict"] == "kept").values()) <= 2
    moved.rename(photographs)
    curate(photographs, tmp_path / "fresh", stricter, pool)
    curate(photographs, tmp_path / "set", stricter, pool)
    assert result(tmp_path / "set") == result(tmp_path / "fresh")


def test_awkward_photographs_are_a_row_each_and_the_run_goes_on(photographs, tmp_path, config, pool, picture):
    whole = (photographs / "0.png").read_bytes()
    (photographs / "copy.png").write_bytes(whole)
    (photographs / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photographs / "empty.jpg").write_bytes(b"")
    (photographs / "loop").symlink_to(photographs)
    (photographs / "gone.jpg").symlink_to(photographs / "nowhere")
    Image.fromarray(picture(9)).convert("CMYK").save(photographs / "print.jpg")
    Image.new("RGB", (1, 1)).save(photographs / "dot.png")
    Path(os.fsdecode(os.fsencode(photographs) + b"/caf\xe9.png")).write_bytes(whole[:99])
    found = curate(photographs, tmp_path / "set", config, pool)
    single = {row["photo"]: (row["verdict"], row["reason"]) for row in found if row["tile"] is None}
    assert single == {
        "caf\\xe9.png": ("failed", "broken"),
        "copy.png": ("rejected", "copy"),
        "cut.png": ("failed", "broken"),
        "dot.png": ("failed", "small"),
        "empty.jpg": ("failed", "empty"),
        "gone.jpg": ("failed", "unreadable"),
        "loop": ("failed", "unreadable"),
        "print.jpg": ("failed", "cmyk"),
    }
    assert sum(row["verdict"] == "kept" for row in found) > 20


def test_a_licence_may_be_required(photographs, tmp_path, config, pool):
    (photographs / "SOURCES.csv").write_text("file,licence,author\n0.png,CC0-1.0,Ann\n1.png,CC-BY-4.0,Bo\n")
    strict = replace(config, sources=Sources(require_licence=True))
    found = curate(photographs, tmp_path / "set", strict, pool)
    assert {row["photo"] for row in found if row["verdict"] == "kept"} == {"0.png"}
    assert {(row["licence"], row["author"]) for row in found if row["verdict"] == "kept"} == {("CC0-1.0", "Ann")}
    refused = {row["photo"]: row["detail"] for row in found if row["reason"] == "licence"}
    assert refused["1.png"] == "'CC-BY-4.0' is not among those allowed"
    assert refused["2.png"] == "none is stated"
    table = (tmp_path / "set" / "tiles" / "manifest.csv").read_text().splitlines()
    assert table[0] == "tile,photo,licence,author,origin"
    assert all(line.endswith(",0.png,CC0-1.0,Ann,") for line in table[1:])


def test_near_duplicates_across_photographs_say_of_which(photographs, tmp_path, config, pool):
    brighter = np.asarray(Image.open(photographs / "0.png"))
    Image.fromarray(np.clip(brighter.astype(int) + 2, 0, 255).astype(np.uint8)).save(photographs / "edited.png")
    found = curate(photographs, tmp_path / "set", config, pool)
    named = {row["tile"]: row for row in found if row["tile"]}
    twice = [row for row in found if row["reason"] == "duplicate"]
    assert len(twice) >= len([row for row in found if row["photo"] == "edited.png"])
    for row in twice:
        assert (row["hash"] ^ named[row["detail"]]["hash"]).bit_count() <= config.set.hash_distance
        assert named[row["detail"]]["reason"] != "duplicate"


def test_a_photograph_that_kills_its_worker_ends_as_a_row(photographs, tmp_path, config, work, through):
    with jobs.executor("local:2", pipeline.PRELOAD) as pool:
        found = curate(photographs, tmp_path / "set", config, through(pool, partial(work.deadly, "2.png")))
    (lost,) = [row for row in found if row["tile"] is None]
    assert (lost["photo"], lost["verdict"], lost["reason"], lost["detail"]) == ("2.png", "failed", "deadly", unit.LOST)
    assert {row["photo"] for row in found if row["verdict"] == "kept"} == {
        "0.png", "1.png", "3.png", "more/4.png", "more/5.png",
    }  # fmt: skip


def test_a_killed_worker_changes_nothing(photographs, tmp_path, config, pool, work, through):
    curate(photographs, tmp_path / "calm", config, pool)
    with jobs.executor("local:2", pipeline.PRELOAD) as two:
        curate(photographs, tmp_path / "rough", config, through(two, partial(work.once, str(tmp_path / "flag"))))
    assert (tmp_path / "flag").exists()
    assert result(tmp_path / "calm") == result(tmp_path / "rough")


RECIPE = """
technical = "none"
aesthetic = "none"
statistics = "none"
photos_per_unit = 1
[tiles]
size = 64
[bounds]
min_entropy = 2
min_sharpness = 1
max_blockiness = 1
max_aliasing = 1000000
"""
PROGRAM = (sys.executable, "-c", "import sys; from paragonsr.cli import main; sys.exit(main())")


def test_kill_9_of_the_whole_run_and_the_same_command_again(photographs, tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE)

    def run(out):
        command = [*PROGRAM, "curate", "run", "recipe.toml", photographs, "-o", out, "--executor", "local:1"]
        stages = [word for step in pipeline.STEPS for word in ("--stage", step)]
        return subprocess.Popen([*map(str, command), *stages], cwd=tmp_path, stdout=subprocess.DEVNULL)

    for moment in ("parts/*/*.parquet", "tiles/*.webp"):
        killed = run("rough")
        while not list((tmp_path / "rough").glob(moment)) and killed.poll() is None:
            time.sleep(0.002)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
    assert run("rough").wait() == 0
    assert run("calm").wait() == 0
    calm, rough = (result(tmp_path / name) for name in ("calm", "rough"))
    assert {name: rough[name] for name in rough if not name.startswith(".drafts/")} == calm


@pytest.fixture
def judged(tmp_path, config, picture, assets):
    """Settings with NIQE, which needs tiles of 192 pixels, and three photographs to go with them."""
    (tmp_path / "large").mkdir()
    for seed in range(3):
        Image.fromarray(picture(seed, 270, 400 + 10 * seed)).save(tmp_path / "large" / f"{seed}.png")
    bounds = replace(config.bounds, max_niqe=1e6)
    return replace(config, technical="niqe", bounds=bounds, tiles=replace(config.tiles, size=192)), tmp_path / "large"


def test_scores_do_not_depend_on_batches_or_order(judged, tmp_path, pool):
    scored, photographs = judged
    planned = pipeline.plan(scored, tmp_path / "set")
    photos = sources.find((photographs,), scored.sources, tmp_path / "set")
    pipeline.curate((photographs,), planned, pool, steps=("measure",))
    wanted = pipeline._judge(planned, photos).wanted("technical")
    single = [item._replace(places=(place,)) for item in wanted for place in item.places]
    found = []
    for batches in ([tuple(wanted)], [(item,) for item in reversed(single)]):
        store = Store(tmp_path / f"scores{len(batches)}")
        for batch in batches:
            unit.score(Job(store.root, "parts", scored, planned.weights["niqe"]), batch)
        found.append(pipeline.judge.scores(store, "parts"))
    assert len(single) > 5
    assert all(np.isfinite(row["score"]) for row in found[0].values())
    assert found[0] == found[1]


def test_a_stage_that_has_not_seen_a_tile_leaves_it_unscored(judged, tmp_path, pool):
    config, photographs = judged
    bound = float(np.median([row["contrast"] for row in curate(photographs, tmp_path / "all", config, pool)]))
    scored = replace(config, bounds=replace(config.bounds, min_contrast=bound))
    curate(photographs, tmp_path / "set", scored, pool)
    looser = replace(scored, bounds=replace(scored.bounds, min_contrast=1.0))
    pipeline.apply(pipeline.plan(looser, tmp_path / "set"))
    waiting = [row for row in rows(tmp_path / "set") if row["verdict"] == "unscored"]
    assert waiting
    assert all(row["contrast"] < bound and "curate again" in row["detail"] for row in waiting)
    finished = curate(photographs, tmp_path / "set", looser, pool)
    assert not [row for row in finished if row["verdict"] == "unscored"]


def test_a_file_that_changes_between_stages_has_no_score(judged, tmp_path, pool, picture):
    scored, photographs = judged
    planned = pipeline.plan(scored, tmp_path / "set")
    pipeline.curate((photographs,), planned, pool, steps=("measure",))
    Image.fromarray(picture(77, 270, 400)).save(photographs / "1.png")
    photos = pipeline.photographs(planned.store)
    item = next(item for item in pipeline._judge(planned, photos).wanted("technical") if item.photo.name == "1.png")
    unit.score(Job(tmp_path / "other", "parts", scored, planned.weights["niqe"]), (item,))
    found = pipeline.judge.scores(Store(tmp_path / "other"), "parts")
    assert {row["detail"] for row in found.values()} == {"the file has changed since it was measured"}
    assert {row["score"] for row in found.values()} == {None}


def test_a_set_of_nothing_says_where_to_look(photographs, tmp_path, config, pool):
    nothing = replace(config, bounds=Bounds(min_entropy=9))
    with pytest.raises(DataError, match="curate report"):
        curate(photographs, tmp_path / "set", nothing, pool)
    assert {row["reason"] for row in rows(tmp_path / "set")} == {"entropy"}


def test_a_users_own_file_among_the_tiles_is_left_alone(photographs, tmp_path, config, pool):
    curate(photographs, tmp_path / "set", config, pool)
    (tmp_path / "set" / "tiles" / "notes.txt").write_text("mine")
    fewer = replace(config, set=Set(tiles_per_photo=1))
    found = curate(photographs, tmp_path / "set", fewer, pool)
    assert (tmp_path / "set" / "tiles" / "notes.txt").read_text() == "mine"
    assert len(list((tmp_path / "set" / "tiles").glob("*.webp"))) == sum(row["verdict"] == "kept" for row in found) == 6
    assert len(list((tmp_path / "set" / "tiles" / "shards").glob("*.npy"))) == 1


def test_tiles_too_small_for_a_judge_are_refused(tmp_path, config):
    with pytest.raises(RecipeError, match="192 pixels"):
        pipeline.plan(replace(config, technical="niqe"), tmp_path)


def test_weights_that_are_missing_or_wrong_are_named_before_the_work(tmp_path, config):
    with pytest.raises(AssetError, match=r"nowhere\.npz"):
        pipeline.plan(replace(config, statistics="brisque", weights=Weights(brisque="nowhere.npz")), tmp_path)
    with pytest.raises(AssetError, match="curate prepare nima"):
        pipeline.plan(replace(config, aesthetic="nima", weights=Weights(nima="nowhere.onnx")), tmp_path)


def test_a_folder_without_a_set(tmp_path, config):
    with pytest.raises(MissingInputError, match="curate first"):
        pipeline.apply(pipeline.plan(config, tmp_path / "nothing"))
    with pytest.raises(MissingInputError, match="curate first"):
        summarise(tmp_path / "nothing")
    manifest.write(Store(tmp_path), "manifest.parquet", "manifest", [], manifest.MANIFEST, {"paragonsr.recipe": "{}"})
    with pytest.raises(DataError, match="by which recipe"):
        summarise(tmp_path)


def test_a_set_is_described_by_the_recipe_that_judged_it(photographs, tmp_path, config, pool):
    curate(photographs, tmp_path / "set", config, pool)
    later = replace(config, bounds=replace(config.bounds, min_contrast=90.0))
    pipeline.curate((photographs,), pipeline.plan(later, tmp_path / "set"), pool, steps=("measure",))
    assert summarise(tmp_path / "set").config == config
