import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from paragonsr import recipe
from paragonsr.curate.config import Curation
from paragonsr.errors import RecipeError
from paragonsr.recipe import Recipe

RECIPES = Path(__file__).parents[1] / "recipes"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text('[train]\nname = "mine"\nsteps = 500\n[train.batch]\nsize = 4\n[degradation]\nblur_sigma = 1\n')
    return file


def test_what_is_said_is_taken_and_the_rest_is_default(path: Path) -> None:
    found = recipe.load(path)
    assert (found.train.name, found.train.steps, found.train.batch.size) == ("mine", 500, 4)
    assert found.degradation.blur_sigma == 1.0
    plain = Recipe(train=type(found.train)("mine"))
    assert found.train.batch.patch == plain.train.batch.patch
    assert (found.model, found.train.optimiser, found.train.data) == (
        plain.model,
        plain.train.optimiser,
        plain.train.data,
    )


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("train.stepz=3", r"unknown field `stepz` - at `\$\.train`"),
        ("trian.steps=3", "unknown field `trian`"),
        ("train.batch.sise=3", r"unknown field `sise` - at `\$\.train\.batch`"),
        ("train.steps=0", r">= 1 - at `\$\.train\.steps`"),
        ("train.steps=many", r"Expected `int`, got `str` - at `\$\.train\.steps`"),
        ("train.steps=2.5", r"Expected `int`, got `float` - at `\$\.train\.steps`"),
        ("train.seed=-1", r">= 0 - at `\$\.train\.seed`"),
        ("train.ema=1", r"< 1\.0 - at `\$\.train\.ema`"),
        ("train.batch.patch=8", r">= 16 - at `\$\.train\.batch\.patch`"),
        ("train.batch.gray=1.5", r"<= 1\.0 - at `\$\.train\.batch\.gray`"),
        ("train.losses.l1=-1", r">= 0\.0 - at `\$\.train\.losses\.l1`"),
        ("train.losses.l1=nan", r">= 0\.0 - at `\$\.train\.losses\.l1`"),
        ("train.losses.lpips=1", r"unknown field `lpips` - at `\$\.train\.losses`"),
        ("train.optimiser.rate=0", r"> 0\.0 - at `\$\.train\.optimiser\.rate`"),
        ("train.optimiser.beta2=1.0", r"< 1\.0 - at `\$\.train\.optimiser\.beta2`"),
        ("train.name=3", r"Expected `str`, got `int` - at `\$\.train\.name`"),
        ("train=3", r"Expected `object`, got `int` - at `\$\.train`"),
        ("model.layers=10", r"<= 9 - at `\$\.model\.layers`"),
        ("model.channels=0", r">= 1 - at `\$\.model\.channels`"),
        ("degradation.kind=jpeg", r"Invalid enum value 'jpeg' - at `\$\.degradation\.kind`"),
        ("degradation.blur_probability=2", r"between 0 and 1, not 2.* - at `\$\.degradation`"),
        ("degradation.chain_steps=[3, 2]", r"ascending.* - at `\$\.degradation`"),
        ("degradation.chain_ratios=[0.5]", r"length 2.* - at `\$\.degradation\.chain_ratios`"),
        ("schema_version=2", r"Invalid enum value 2 - at `\$\.schema_version`"),
    ],
)
def test_a_fault_is_refused_with_its_path(path: Path, override: str, complaint: str) -> None:
    with pytest.raises(RecipeError, match=rf"mine\.toml: .*{complaint}"):
        recipe.load(path, (override,))


def test_a_fault_in_the_file_is_refused_as_well(path: Path) -> None:
    path.write_text(path.read_text() + "sharpness = 3\n")
    with pytest.raises(RecipeError, match=r"mine\.toml: .*unknown field `sharpness` - at `\$\.degradation`"):
        recipe.load(path)
    path.write_text("[model]\nlayers = 3\n")
    with pytest.raises(RecipeError, match=r"missing required field `train`"):
        recipe.load(path)


@pytest.mark.parametrize("content", [b"[train\n", b"\xff\xfe", b"train = 1\ntrain = 2\n"])
def test_what_is_no_toml_is_named(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"mine\.toml cannot be read as a recipe"):
        recipe.load(path)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.toml cannot be read as a recipe"):
        recipe.load(tmp_path / "nowhere.toml")


def test_overrides_are_toml_or_a_bare_word_and_the_last_wins(path: Path) -> None:
    given = (
        "train.steps=9",
        "train.steps = 10",
        "train.batch.gray=0.25",
        "train.data.train=/far/a folder=1",
        'train.data.licence="CC0 # all"',
        "train.data.textures=['a_', \"b_\"]",
        "model.layers=3",
        "degradation.chain_ratios=[0.7, 0.8]",
    )
    found = recipe.load(path, given)
    assert (found.train.steps, found.train.batch.gray, found.train.batch.size) == (10, 0.25, 4)
    assert found.train.data.train == "/far/a folder=1"
    assert found.train.data.licence == "CC0 # all"
    assert found.train.data.textures == ("a_", "b_")
    assert (found.model.layers, found.degradation.chain_ratios) == (3, (0.7, 0.8))


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("train.steps", "write it as path=value"),
        ("", "write it as path=value"),
        ("train.steps.more=3", "steps is a value, not a table"),
    ],
)
def test_an_override_that_cannot_be_applied_is_named(path: Path, override: str, complaint: str) -> None:
    with pytest.raises(RecipeError, match=f"--set {override}: .*{complaint}"):
        recipe.load(path, (override,))


def test_the_written_recipe_is_the_same_recipe(path: Path) -> None:
    found = recipe.load(path)
    text = recipe.dumps(found)
    assert msgspec.json.decode(text, type=Recipe) == found
    written = json.loads(text)
    assert written["schema_version"] == 1
    assert written["train"]["optimiser"].keys() == set(type(found.train.optimiser).__struct_fields__)
    assert written["degradation"]["chain_steps"] == [2, 3]


def test_the_schema_knows_every_setting_and_its_bounds() -> None:
    known = json.loads(recipe.schema())["$defs"]
    assert {
        "Recipe",
        "Train",
        "Data",
        "Batch",
        "Losses",
        "Optimiser",
        "Perceptual",
        "Model",
        "Degradation",
    } <= known.keys()
    assert all(kind["additionalProperties"] is False for kind in known.values())
    assert known["Batch"]["properties"]["patch"]["minimum"] == 16


TRAININGS = sorted(set(RECIPES.glob("*.toml")) - {RECIPES / "curate.toml"})


@pytest.mark.parametrize("file", TRAININGS, ids=lambda file: file.stem)
def test_our_recipes_load_under_their_names(file: Path) -> None:
    assert recipe.load(file).train.name == file.stem
    assert f"paragonsr train recipes/{file.name} --run runs/{file.stem}" in file.read_text()


def test_the_two_trainings_differ_in_the_degradation_alone() -> None:
    """In their first part; the second, shorter one sees other tiles, too (decision 8)."""
    shipped, benchmark = (recipe.load(RECIPES / f"{name}.toml") for name in ("fidelity", "bicubic"))
    assert (shipped.degradation.kind, benchmark.degradation.kind) == ("card", "bicubic")
    same = msgspec.structs.replace(benchmark.train, name="fidelity")
    assert msgspec.structs.replace(benchmark, train=same, degradation=shipped.degradation) == shipped


def test_a_recipe_needs_no_torch() -> None:
    program = "import sys, paragonsr.recipe; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_our_curation_says_what_the_defaults_are() -> None:
    assert recipe.curation(RECIPES / "curate.toml") == Curation(technical="niqe", aesthetic="nima")
    with pytest.raises(RecipeError, match="max_brisk"):
        recipe.curation(RECIPES / "curate.toml", ("bounds.max_brisk=30",))
