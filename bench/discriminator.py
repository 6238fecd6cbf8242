"""What keeps the discriminator in check: R1 and R2, lazily or at every step, or spectral normalisation.

    python bench/discriminator.py [--steps N] [--pictures N] [--runs FOLDER] [--set path=value ...]

Short trainings of recipes/perceptual.toml with an adversarial term that can be felt (weight 1, no ramp) and a
discriminator that learns as fast as the generator. Beside the figures of the generator's average: how often the
discriminator is right over the last half of the steps (0.5 is chance), the norm of its gradient there, and the time of
a step. A variant that is finished is not trained again.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import heading
from paragonsr import recipe
from paragonsr.artifacts import assets
from paragonsr.model.discriminator import MUNet
from paragonsr.train import rival, validate
from paragonsr.train.shards import pack
from perceptual_figures import Judges, existing, markdown
from perceptual_sweep import RECIPE, average, judged, trained

TERM = "train.perceptual.adversarial."
FELT = (f"{TERM}weight=1.0", f"{TERM}ramp=1", f"{TERM}optimiser.rate=5e-4", f"{TERM}optimiser.warmup=20")


def spectral(width: int) -> MUNet:
    """MUNet, each of its convolutions divided by its largest singular value (Miyato et al. 2018)."""
    munet = MUNet(width)
    for layer in munet.modules():
        if isinstance(layer, nn.Conv2d):
            spectral_norm(layer)
    return munet


VARIANTS: dict[str, tuple[Callable[[int], MUNet], tuple[str, ...]]] = {
    "R1 and R2, every 4th step": (MUNet, (f"{TERM}penalty_every=4",)),
    "R1 and R2, every step": (MUNet, (f"{TERM}penalty_every=1",)),
    "spectral normalisation": (spectral, (f"{TERM}gamma=0.0",)),
    "both, every 4th step": (spectral, (f"{TERM}penalty_every=4",)),
    "neither": (MUNet, (f"{TERM}gamma=0.0",)),
}


def state_of(run: Path, steps: int) -> tuple[float, float]:
    """Of the discriminator: the share of pixels that it judges rightly, and the norm of its gradient."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    late = [row for row in rows if row["step"] > steps // 2 and "judged_rightly" in row]
    right, norm = (float(np.mean([row[key] for row in late])) for key in ("judged_rightly", "discriminator_gradient"))
    return right, norm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=12, help="validation pairs that are judged")
    parser.add_argument("--runs", default="runs/discriminator")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="path=value")
    given = parser.parse_args()
    heading.show()
    judges, rows, states = Judges(), {}, {}
    for number, (name, (network, own)) in enumerate(VARIANTS.items()):
        settings = recipe.load(RECIPE, (*FELT, *given.overrides, *own))
        run = Path(given.runs) / f"{number}-{given.steps}"
        rival.MUNet, begin = network, time.perf_counter()
        last = trained(settings, given.steps, run)
        seconds = (time.perf_counter() - begin) / given.steps
        held_out = pack(assets.find(settings.train.data.validation), Path(given.runs) / "shards", settings.train.data)
        pairs = validate.pairs(held_out, settings.degradation)[: given.pictures]
        if not rows:
            rows["start"] = judged(judges, average(existing(str(settings.train.start)), settings), pairs)
        rows[name] = judged(judges, average(last, settings), pairs)
        states[name] = (*state_of(run, given.steps), seconds)
    print(f"\n{given.steps} steps each, {given.pictures} pairs\n\n{markdown(rows, 'discriminator')}\n")
    print("| discriminator | judged rightly | norm of its gradient | s / step |\n|---|---:|---:|---:|")
    for name, (right, norm, seconds) in states.items():
        print(f"| {name} | {right:.3f} | {norm:.2f} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
