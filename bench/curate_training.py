"""Is what curation keeps better to train on than what it rejects? Stage 1, briefly, on as many tiles of each.

    python bench/curate_training.py --nima models/nima.onnx [--steps 1500] [--seeds 3] [--set path=value ...]

The training tiles of the assets folder are curated as if each were a photograph, by recipes/curate.toml with the
settings given. As many of the kept as of the rejected ones are drawn, and the default model is trained on either: same
seeds, same number of images seen, the card's low resolution. Printed is the PSNR on the held-out tiles of other
photographs, and the difference with a 95 % interval over these photographs (bootstrap, the mean of the seeds for each).
"""

import argparse
import csv
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as parquet
import torch
from numpy.typing import NDArray

import heading
from curate_cost import PROGRAM, RECIPE
from paragonsr.artifacts import assets
from paragonsr.degrade.config import Degradation
from paragonsr.imaging.metrics import psnr_y
from paragonsr.model.config import Model
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import SCALE, Nano
from paragonsr.train import loop, state, validate
from paragonsr.train.config import Data, Optimiser, Train
from paragonsr.train.shards import pack

MUST_PHOTOS = 40
STAGES = ("measure", "technical", "aesthetic", "judge")


def verdicts(tiles: Path, out: Path, settings: list[str]) -> dict[str, str]:
    """What curation says of each tile: kept, or rejected at a gate; tiles that are near duplicates are left out."""
    stages = [word for stage in STAGES for word in ("--stage", stage)]
    chosen = [word for setting in settings for word in ("--set", setting)]
    command = [*PROGRAM, "curate", "run", RECIPE, tiles, "-o", out, "--executor", "local:1", *stages, *chosen]
    subprocess.run([*map(str, command)], check=True)
    rows = parquet.read_table(out / "manifest.parquet").to_pylist()
    return {row["photo"]: row["verdict"] for row in rows if row["tile"] and row["reason"] not in {"duplicate", "cap"}}


def drawn(names: list[str], count: int, photos: dict[str, str]) -> list[str]:
    """`count` of the tiles, from as many photographs as there are, one of each in turn."""
    rng = np.random.default_rng(0)
    turns: dict[str, int] = defaultdict(int)
    order: list[tuple[int, str]] = []
    for name in rng.permutation(sorted(names)).tolist():
        order.append((turns[photos[name]], name))
        turns[photos[name]] += 1
    return [name for _, name in sorted(order, key=lambda item: item[0])[:count]]


def lay(folder: Path, source: Path, names: list[str], photos: dict[str, str]) -> Path:
    """A folder of these tiles with the table that training wants."""
    folder.mkdir()
    for name in names:
        shutil.copyfile(source / name, folder / name)
    with (folder / "manifest.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("tile", "photo"))
        table.writerows((name, photos[name]) for name in names)
    return folder


@torch.no_grad()
def decibels(tiles: Path, run: Path, steps: int, seed: int) -> NDArray[np.float64]:
    """Train on a folder; PSNR-Y of each held-out tile."""
    warm = Optimiser(warmup=max(1, steps // 10))
    settings = Train(
        "curation", steps=steps, seed=seed, ema=0.99, log_every=steps, validate_every=steps, save_every=steps,
        data=Data(train=str(tiles)), optimiser=warm,
    )  # fmt: skip
    with torch.enable_grad():
        best = loop.train(settings, Model(), Degradation(), run)
    nano = Nano(Model())
    nano.load_state_dict(state.part(state.load(best)[1], "average"))
    held_out = pack(assets.find(settings.data.validation), run.parent / "shards", settings.data)
    network = fuse(nano)
    return np.array(
        [
            psnr_y(validate.enlarge(network, pair.low, torch.device("cpu")), pair.high, border=SCALE)
            for pair in validate.pairs(held_out, Degradation())
        ]
    )


def interval(differences: NDArray[np.float64], photos: list[str]) -> tuple[float, float]:
    """95 % of the mean over photographs, by drawing them anew 10,000 times."""
    groups = defaultdict(list)
    for difference, photo in zip(differences.tolist(), photos, strict=True):
        groups[photo].append(difference)
    means = np.array([np.mean(values) for values in groups.values()])
    draws = np.random.default_rng(0).integers(0, len(means), (10_000, len(means)))
    low, high = np.percentile(means[draws].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nima", default="models/nima.onnx", help="as `paragonsr curate prepare nima` made it")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", type=int, help="tiles of each; default: as many as there are")
    parser.add_argument("--set", dest="settings", action="append", default=[], help="of the curation's recipe")
    options = parser.parse_args()
    heading.show()
    settings = [f"weights.nima={options.nima}", *options.settings]
    with TemporaryDirectory() as name:
        sys.exit(compare(Path(name), settings, options.steps, options.seeds, options.count))


def compare(scratch: Path, settings: list[str], steps: int, seeds: int, count: int | None) -> int:
    """Print both sides and the difference; 1 when there are fewer photographs than it takes."""
    source = assets.find("data/train")
    data = Data()
    shard = pack(source, scratch / "shards", data)
    photos = dict(zip(shard.names, shard.photos, strict=True))
    held_out = pack(assets.find(data.validation), scratch / "shards", data)
    found = verdicts(source, scratch / "set", settings)
    sides = {verdict: [name for name in found if found[name] == verdict] for verdict in ("kept", "rejected")}
    count = count or min(map(len, sides.values()))
    figures, enough = {}, True
    for verdict, names in sides.items():
        chosen = drawn(names, count, photos)
        tiles = lay(scratch / verdict, source, chosen, photos)
        givers = len({photos[name] for name in chosen})
        enough = enough and givers >= MUST_PHOTOS
        print(f"{verdict}: {len(names)} tiles, {len(chosen)} taken, of {givers} photographs", flush=True)
        each = [decibels(tiles, scratch / f"{verdict}-{seed}", steps, seed) for seed in range(seeds)]
        figures[verdict] = np.array(each)
        print(f"  PSNR-Y {', '.join(f'{run.mean():.3f}' for run in each)} dB", flush=True)
    differences = (figures["kept"] - figures["rejected"]).mean(axis=0)
    low, high = interval(differences, held_out.photos)
    print(f"\nkept over rejected: {differences.mean():+.3f} dB, 95 % between {low:+.3f} and {high:+.3f}")
    print(
        f"{steps} steps, {seeds} seeds, {len(held_out.names)} held-out tiles of {len(set(held_out.photos))} photographs"
    )
    return 0 if enough else 1


if __name__ == "__main__":
    main()
