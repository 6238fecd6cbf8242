"""A recipe: the settings of every room in one TOML file, checked as it is loaded."""

import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import msgspec

from paragonsr.curate.config import Curation
from paragonsr.degrade.config import Degradation
from paragonsr.errors import RecipeError
from paragonsr.model.config import Model
from paragonsr.train.config import Train

Settings = TypeVar("Settings")


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that decides a model, from the tiles to the last step."""

    train: Train
    model: Model = Model()
    degradation: Degradation = Degradation()
    schema_version: Literal[1] = 1


def load(path: Path, overrides: tuple[str, ...] = ()) -> Recipe:
    """The recipe in a TOML file, with overrides such as `train.batch.size=16` (the value as TOML, or a bare word).

    Raises RecipeError with the path of the fault for an unknown, misspelt or impossible setting.
    """
    return _load(path, overrides, Recipe)


def curation(path: Path, overrides: tuple[str, ...] = ()) -> Curation:
    """The settings of a curation in a TOML file; overrides and errors as in `load`."""
    return _load(path, overrides, Curation)


def _load(path: Path, overrides: tuple[str, ...], kind: type[Settings]) -> Settings:
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read as a recipe: {error}") from error
    for override in overrides:
        _override(settings, override)
    try:
        return msgspec.convert(settings, kind)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{path}: {error}") from error


def dumps(recipe: Recipe) -> bytes:
    """The resolved recipe, every default written out, as JSON."""
    return msgspec.json.format(msgspec.json.encode(recipe)) + b"\n"


def schema() -> bytes:
    """The JSON schema of a recipe, for editors."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Recipe))) + b"\n"


def _override(settings: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals:
        raise RecipeError(f"--set {override}: write it as path=value, train.steps=1000 for instance")
    *tables, key = path.strip().split(".")
    for table in tables:
        inner = settings.setdefault(table, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"--set {override}: {table} is a value, not a table")
        settings = cast(dict[str, Any], inner)
    try:
        settings[key] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        settings[key] = text.strip()
