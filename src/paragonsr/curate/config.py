"""The settings of a curation."""

from typing import Annotated, Literal

import msgspec

from paragonsr.curate.heuristics import ALIASING_LIMIT, BLOCKINESS_LIMIT

Positive = Annotated[int, msgspec.Meta(ge=1)]
Factor = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Sources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which photographs are taken.

    `sidecar` is the table (columns `file`, `licence`, and if there `author`, `source_repo`, `source_path`, `source`)
    that a folder or archive may have; it counts for everything below. With `require_licence` a licence must match one
    of `licences` (`*` stands for anything, case does not matter).
    """

    sidecar: str = "SOURCES.csv"
    require_licence: bool = False
    licences: tuple[str, ...] = (
        "CC0*",
        "*publicdomain/zero*",
        "*publicdomain/mark*",
        "public domain*",
        "PD*",
        "US-PD*",
    )
    max_pixels: Positive = 150_000_000


class Tiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Squares of `size` pixels from the photograph at each of `scales`, and if `fit` with its short side that long."""

    size: Annotated[int, msgspec.Meta(ge=64, le=4096)] = 512
    scales: tuple[Factor, ...] = (1.0, 0.75, 0.5, 0.25)
    fit: bool = True
    linear_light: bool = False


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tile must reach (`min_`) and must not pass (`max_`), in the units of each score.

    Of the technical and the aesthetic scores only those that the recipe names are asked for.
    """

    min_entropy: float = 5.0
    min_contrast: float = 15.0
    min_sharpness: float = 50.0
    max_sharpness: float = 3000.0
    max_blockiness: float = BLOCKINESS_LIMIT
    max_aliasing: float = ALIASING_LIMIT
    max_brisque: float = 40.0
    max_niqe: float = 6.0
    min_arniqa: float = 0.60
    min_nima: float = 4.5


class Set(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of the tiles that pass makes the set: near duplicates within `hash_distance` bits of 64 go, then a cap."""

    hash_distance: Annotated[int, msgspec.Meta(ge=0, le=64)] = 8
    tiles_per_photo: Positive = 16


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files that scores need: where they are from here, else in the assets folder (`PARAGONSR_ASSETS`).

    `nima` and `arniqa` are made by `paragonsr curate prepare`.
    """

    brisque: str = "weights/brisque_svr_live.npz"
    niqe: str = "weights/niqe_pris_params.npz"
    nima: str = "models/nima.onnx"
    arniqa: str = "models/arniqa.onnx"


class Curation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that decides which tiles of a folder of photographs make the set.

    `statistics`, `technical` and `aesthetic` name what judges in each stage. What is "none" was left out on purpose, so
    the last two have no default.
    """

    technical: Literal["arniqa", "niqe", "none"]
    aesthetic: Literal["nima", "none"]
    statistics: Literal["brisque", "none"] = "brisque"
    sources: Sources = Sources()
    tiles: Tiles = Tiles()
    bounds: Bounds = Bounds()
    set: Set = Set()
    weights: Weights = Weights()
    photos_per_unit: Annotated[int, msgspec.Meta(ge=1, le=64)] = 16
    schema_version: Literal[1] = 1
