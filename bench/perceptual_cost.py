"""What a step of stage 2 costs, term by term, beside a step of stage 1.

    python bench/perceptual_cost.py [--recipe FILE] [--repeats N] [--threads N]

Each row is the recipe's step with only L1 and that term; the last ones are the whole step, with and without the penalty
of the discriminator, which comes at every `penalty_every`-th. Times are medians, the batch made beforehand.
"""

import argparse
import time
from pathlib import Path
from statistics import median

import msgspec
import torch

import heading
from paragonsr import recipe
from paragonsr.model.generator import Nano
from paragonsr.recipe import Recipe
from paragonsr.train import stage
from paragonsr.train.config import Adversarial, Contrastive, Features, Losses, Perceptual
from paragonsr.train.ranks import Ranks

RECIPE = Path(__file__).parents[1] / "recipes" / "perceptual_finish.toml"  # in which every term has a weight
NOTHING = Perceptual(Features(0), 0, Contrastive(0), 0, 0, adversarial=Adversarial(0))


def configurations(settings: Recipe) -> dict[str, Recipe]:
    """Row -> what is timed."""
    own = settings.train.perceptual
    if not isinstance(own, Perceptual):
        raise SystemExit("the recipe has no train.perceptual: it is no stage 2")
    alone = Losses(settings.train.losses.l1, 0)
    lazy = msgspec.structs.replace(own.adversarial, gamma=0.0)
    rows = {
        "fidelity step, L1 and MS-SSIM": (settings.train.losses, msgspec.UNSET),
        "L1": (alone, NOTHING),
        "MS-SSIM": (settings.train.losses, NOTHING),
        "consistency": (alone, msgspec.structs.replace(NOTHING, consistency=own.consistency)),
        "frequency": (alone, msgspec.structs.replace(NOTHING, frequency=own.frequency)),
        "overshoot": (alone, msgspec.structs.replace(NOTHING, overshoot=own.overshoot)),
        "features": (alone, msgspec.structs.replace(NOTHING, features=own.features)),
        "DISTS": (alone, msgspec.structs.replace(NOTHING, dists=own.dists)),
        "contrastive": (alone, msgspec.structs.replace(NOTHING, contrastive=own.contrastive)),
        "adversarial": (alone, msgspec.structs.replace(NOTHING, adversarial=lazy)),
        "whole step, no penalty": (settings.train.losses, msgspec.structs.replace(own, adversarial=lazy)),
        "whole step with R1 and R2": (
            settings.train.losses,
            msgspec.structs.replace(own, adversarial=msgspec.structs.replace(own.adversarial, penalty_every=1)),
        ),
    }
    return {
        name: msgspec.structs.replace(settings, train=msgspec.structs.replace(settings.train, losses=a, perceptual=b))
        for name, (a, b) in rows.items()
    }


def cost(settings: Recipe, repeats: int) -> float:
    """Milliseconds of a step, the median."""
    config = settings.train
    torch.manual_seed(0)
    nano, average = Nano(settings.model), Nano(settings.model)
    subject = stage.build(config, nano, average, Ranks())
    side, size = config.batch.patch + 2 * nano.radius, config.batch.size
    low = torch.randint(0, 256, (size, 3, side, side), dtype=torch.uint8)
    high = torch.randint(0, 256, (size, 3, 2 * config.batch.patch, 2 * config.batch.patch), dtype=torch.uint8)
    taken: list[float] = []
    for at in range(repeats + 2):
        since = time.perf_counter()
        subject.step(at, low, high, watched=False)
        taken.append(1000 * (time.perf_counter() - since))
    return median(taken[2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default=str(RECIPE))
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    heading.show()
    settings = recipe.load(Path(given.recipe))
    batch = settings.train.batch
    print(f"batch of {batch.size}, targets of {2 * batch.patch} px, {given.threads} thread(s)\n")
    print("| step | ms | over the fidelity step |\n|---|---:|---:|")
    first: float | None = None
    for name, row in configurations(settings).items():
        taken = cost(row, given.repeats)
        first = first or taken
        print(f"| {name} | {taken:.0f} | {taken / first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
