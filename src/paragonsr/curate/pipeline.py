"""A curation from photographs to a set, stage by stage; each does what is missing of it, so that any may start again.

The set's folder holds `recipe.json`, `sources.json` (which photographs there were), `parts/` (what was measured, one
folder for each stage and its settings), `manifest.parquet`, and in `tiles/` the set itself: lossless WebP,
`manifest.csv` for the training, `shards/` with the same tiles packed.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import msgspec

from paragonsr import jobs
from paragonsr.artifacts import assets, manifest, tileset
from paragonsr.artifacts.store import Store
from paragonsr.curate import judge, sources, unit
from paragonsr.curate.config import Curation
from paragonsr.curate.judge import Judge, Scores
from paragonsr.curate.scorers import Scorer
from paragonsr.curate.sources import Listing, Photo
from paragonsr.curate.tiling import Place
from paragonsr.curate.unit import Job, Wanted
from paragonsr.errors import AssetError, DataError, ExecutorError, ModelError, RecipeError
from paragonsr.jobs import Pool
from paragonsr.judges import niqe

Step = Literal["measure", "technical", "aesthetic", "judge", "tiles"]
STEPS: tuple[Step, ...] = get_args(Step)
PRELOAD = ("paragonsr.curate.unit",)
TILES = "tiles"

_RECIPE, _SOURCES = "recipe.json", "sources.json"
_ENGINE = 1  # raise it when what is measured changes: parts of another engine are not used
_OURS = re.compile(r"[0-9a-f]{16}-(fit|[\d.]+)-\d+-\d+\.webp")
_MEANS_NONE = "none"
_NIQE_LEAST = 2 * niqe.BLOCK

Item = TypeVar("Item")
Progress = Callable[[int, str], AbstractContextManager[Callable[[int], None]]]
Check = Callable[[], None]


def _silent(total: int, text: str) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda amount: None)


class Plan(NamedTuple):
    """A curation: its settings, where each stage's parts lie, and the files that judge."""

    store: Store
    config: Curation
    stages: dict[str, str]
    weights: dict[str, Path]


def plan(config: Curation, out: Path) -> Plan:
    """Settle where everything lies.

    Raises AssetError for weights that are not there, ModelError for wrong ones, and RecipeError for tiles too small to
    be judged.
    """
    if config.technical == "niqe" and config.tiles.size < _NIQE_LEAST:
        raise RecipeError(f"tiles.size {config.tiles.size}: NIQE judges tiles of {_NIQE_LEAST} pixels and more")
    weights = {kind: _weights(config, kind) for kind in _judges(config).values() if kind != _MEANS_NONE}
    tiles = msgspec.json.encode(config.tiles)
    stages = {}
    for step, kind in _judges(config).items():
        used = weights[kind].read_bytes() if kind in weights else b""
        limits = str(config.sources.max_pixels) if step == "measure" else ""
        text = b"\0".join((str(_ENGINE).encode(), step.encode(), tiles, limits.encode(), used))
        name = step if step == "measure" else kind
        stages[step] = f"parts/{name}-{hashlib.sha256(text).hexdigest()[:12]}"
    return Plan(Store(out), config, stages, weights)


def curate(
    inputs: tuple[Path, ...],
    chosen: Plan,
    pool: Pool,
    *,
    steps: Sequence[Step] = STEPS,
    progress: Progress = _silent,
    check: Check = lambda: None,
) -> None:
    """Curate photographs (folders, archives, files) by these steps; what is finished is not done again.

    Raises MissingInputError without photographs, DataError when no tile is left, and what a worker raises.
    """
    store, config = chosen.store, chosen.config
    store.sweep()
    photos = sources.find(inputs, config.sources, store.root)
    store.write(_RECIPE, _recipe(config))
    store.write(_SOURCES, msgspec.json.format(msgspec.json.encode(Listing(photos))) + b"\n")
    run = partial(_run, pool, progress=progress, check=check)
    for step in steps:
        match step:
            case "measure":
                _measure(chosen, photos, run)
            case "technical" | "aesthetic":
                _score(chosen, photos, step, run)
            case "judge":
                apply(chosen)
            case "tiles":
                _write_tiles(chosen, photos, run)


def apply(chosen: Plan) -> None:
    """Judge again what was measured, by the bounds of these settings; writes the manifest and touches no picture."""
    recipe = _recipe(chosen.config)
    _judge(chosen, photographs(chosen.store)).write(recipe.decode())
    chosen.store.write(_RECIPE, recipe)


def photographs(store: Store) -> list[Photo]:
    """The photographs that a set was made from. Raises MissingInputError where there is no set."""
    try:
        return msgspec.json.decode(store.read(_SOURCES), type=Listing).photographs
    except msgspec.DecodeError as error:
        raise DataError(f"{store.root / _SOURCES}: cannot be read: {error}") from error


def wanted(photos: Sequence[Photo], rows: Iterable[dict[str, Any]]) -> list[Wanted]:
    """The tiles of manifest rows, by the photographs they are cut from."""
    named = {photo.name: photo for photo in photos}
    found: dict[str, Wanted] = {}
    for row in rows:
        place = Place(row["scale"], row["top"], row["left"])
        before = found.get(row["photo"], Wanted(named[row["photo"]], row["sha256"], ()))
        found[row["photo"]] = before._replace(places=(*before.places, place))
    return list(found.values())


def units(items: Sequence[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """The items in tuples of `size`, the last one shorter."""
    return (tuple(items[start : start + size]) for start in range(0, len(items), size))


def _measure(chosen: Plan, photos: list[Photo], run: Callable[..., Iterator[tuple[Any, ...]]]) -> None:
    stage = chosen.stages["measure"]
    job = Job(chosen.store.root, stage, chosen.config, chosen.weights.get("brisque"))
    known = judge.index(chosen.store, stage)
    missing = [photo for photo in photos if not photo.fault and photo.key not in known]
    for lost in run(partial(unit.measure, job), missing, chosen.config.photos_per_unit, "measuring"):
        unit.write_measures(job, lost, [unit.failed(photo, "deadly", unit.LOST) for photo in lost])


def _score(chosen: Plan, photos: list[Photo], step: Literal["technical", "aesthetic"], run: Any) -> None:
    kind = _judges(chosen.config)[step]
    if kind == _MEANS_NONE:
        return
    job = Job(chosen.store.root, chosen.stages[step], chosen.config, chosen.weights[kind])
    missing = _judge(chosen, photos).wanted(step)
    for lost in run(partial(unit.score, job), missing, chosen.config.photos_per_unit, f"scoring by {kind}"):
        unit.write_scores(job, lost, [row for item in lost for row in unit.unscored(item, unit.LOST)])


def _write_tiles(chosen: Plan, photos: list[Photo], run: Any) -> None:
    store = chosen.store
    columns = ["verdict", "tile", "photo", "sha256", "scale", "top", "left", "licence", "author", "origin"]
    rows = [
        row for row in manifest.read(store, judge.NAME, "manifest", columns).to_pylist() if row["verdict"] == judge.KEPT
    ]
    there = {name.rpartition("/")[2] for name in store.names(TILES, ".webp")}
    kept = {row["tile"] for row in rows}
    for name in there - kept:
        if _OURS.fullmatch(name):  # the set holds what is kept and nothing else; a user's own file is left alone
            store.remove(f"{TILES}/{name}")
    missing = wanted(photos, (row for row in rows if row["tile"] not in there))
    job = Job(store.root, TILES, chosen.config)
    for lost in run(partial(unit.write_tiles, job), missing, chosen.config.photos_per_unit, "writing tiles"):
        raise ExecutorError(f"{lost[0].photo.name}: {unit.LOST} while its tiles were written")
    if not rows:
        raise DataError("no tile passed every gate; `paragonsr curate report` shows where they were lost")
    store.write(f"{TILES}/manifest.csv", _csv(rows))
    _pack(store)


def _pack(store: Store) -> None:
    """Pack the tiles for the training, and take away the arrays of earlier selections."""
    files = tileset.files(store.root / TILES)
    shards = f"{TILES}/{tileset.SHARDS}"
    packed = tileset.packed(files, tileset.digest(files), store.root / shards)
    for name in store.names(shards, ".npy"):
        if name != f"{shards}/{packed.name}":
            store.remove(name)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    lines = io.StringIO()
    columns = ("tile", "photo", "licence", "author", "origin")
    table = csv.writer(lines)
    table.writerow(columns)
    table.writerows([row[name] for name in columns] for row in sorted(rows, key=lambda row: row["tile"]))
    return lines.getvalue().encode()


def _run(
    pool: Pool,
    work: Callable[[tuple[Any, ...]], int],
    items: list[Any],
    size: int,
    text: str,
    *,
    progress: Progress,
    check: Check,
) -> Iterator[tuple[Any, ...]]:
    """Do the work on all items; gives those, one at a time, that kill every worker."""
    with progress(len(items), text) as advance:
        for done in jobs.run(pool, work, units(items, size)):
            if done.died:
                yield done.unit
            advance(len(done.unit))
            check()


def _judge(chosen: Plan, photos: list[Photo]) -> Judge:
    config, stages = chosen.config, chosen.stages
    scored: dict[Any, Scores] = {
        step: judge.scores(chosen.store, stages[step])
        for step in ("technical", "aesthetic")
        if _judges(config)[step] != _MEANS_NONE
    }
    return Judge(chosen.store, config, photos, stages["measure"], scored)


def _judges(config: Curation) -> dict[str, str]:
    """What judges in each step."""
    return {"measure": config.statistics, "technical": config.technical, "aesthetic": config.aesthetic}


def _weights(config: Curation, kind: str) -> Path:
    name: str = getattr(config.weights, kind)
    path = Path(name)
    if not path.exists():
        try:
            path = assets.find(name)
        except AssetError as error:
            made = f"; `paragonsr curate prepare {kind}` makes it" if path.suffix == ".onnx" else ""
            raise AssetError(f"{error}{made}") from error
    if path.suffix == ".onnx" and (found := Scorer(path).name) != kind:
        raise ModelError(f"{path}: is {found}, not {kind}")
    return path.absolute()


def _recipe(config: Curation) -> bytes:
    return msgspec.json.format(msgspec.json.encode(config)) + b"\n"
