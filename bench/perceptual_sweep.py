"""Short trainings of stage 2 side by side: which weights, and what each term is good for.

    python bench/perceptual_sweep.py [--recipe FILE] [--runs FOLDER] [--steps N] [--pictures N]
        [--leave-one-out] [--only NAME ...] [--set path=value ...]

Without --leave-one-out the weights of the adversarial term, of the features and of DISTS, and gamma are varied one at
a time; with it each term of the recipe is taken out in turn. Every variant begins with the recipe's start, takes equal
steps with the same batches, and is judged by its average at the end, on the first N validation pairs. A variant that
is finished is not trained again, so a sweep that was stopped goes on.

The rule, written down before: of the variants that lose at most the recipe's `floor` of PSNR-Y against the start, shift
no picture's mean colour by more than its `drift`, have at most 0.12/255 of halo and at most 1.05 times the target's
checkerboard, the one with the lowest DISTS. LPIPS and NIQE are witnesses only.
"""

import argparse
from pathlib import Path

import msgspec
import torch

import heading
from paragonsr import recipe
from paragonsr.artifacts import assets
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import Nano
from paragonsr.recipe import Recipe
from paragonsr.train import loop, state, validate
from paragonsr.train.config import Perceptual
from paragonsr.train.shards import pack
from perceptual_figures import Figures, Judges, existing, markdown

RECIPE = Path(__file__).parents[1] / "recipes" / "perceptual.toml"
TERM = "train.perceptual."
TERMS = {
    "l1": "train.losses.l1",
    "ms_ssim": "train.losses.ms_ssim",
    "dists": TERM + "dists",
    "consistency": TERM + "consistency",
    "frequency": TERM + "frequency",
    "overshoot": TERM + "overshoot",
    "features": TERM + "features.weight",
    "contrastive": TERM + "contrastive.weight",
    "adversarial": TERM + "adversarial.weight",
}
SWEPT = {"adversarial": (0.0, 0.3, 3.0), "features": (0.0, 3.0), "dists": (0.5, 2.0)}
"""Multiples of the recipe's own weights."""
GAMMAS = (0.1, 10.0)
HALO, CHECKERBOARD = 0.12, 1.05


def variants(settings: Recipe, leave_one_out: bool) -> dict[str, list[str]]:
    """Name -> overrides; the recipe as it is comes first."""
    own = stage2(settings)
    weights = {
        "l1": settings.train.losses.l1,
        "ms_ssim": settings.train.losses.ms_ssim,
        "dists": own.dists,
        "consistency": own.consistency,
        "frequency": own.frequency,
        "overshoot": own.overshoot,
        "features": own.features.weight,
        "contrastive": own.contrastive.weight,
        "adversarial": own.adversarial.weight,
    }
    found: dict[str, list[str]] = {"recipe": []}
    if leave_one_out:
        return found | {f"no_{name}": [f"{TERMS[name]}=0.0"] for name, weight in weights.items() if weight > 0}
    for name, factors in SWEPT.items():
        for factor in factors:
            found[f"{name}_{weights[name] * factor:g}"] = [f"{TERMS[name]}={weights[name] * factor}"]
    for factor in GAMMAS:
        gamma = own.adversarial.gamma * factor
        found[f"gamma_{gamma:g}"] = [f"{TERM}adversarial.gamma={gamma}"]
    return found


def stage2(settings: Recipe) -> Perceptual:
    if not isinstance(settings.train.perceptual, Perceptual):
        raise SystemExit("the recipe has no train.perceptual: it is no stage 2")
    return settings.train.perceptual


def trained(settings: Recipe, steps: int, folder: Path) -> Path:
    """The checkpoint after `steps`, validated at the end only; trained now unless it is there."""
    often = {"steps": steps, "validate_every": steps, "log_every": 25, "save_every": 100}
    loop.train(msgspec.structs.replace(settings.train, **often), settings.model, settings.degradation, folder)
    return folder / loop.LAST


def average(checkpoint: Path, settings: Recipe) -> Nano:
    nano = Nano(settings.model)
    state.start(checkpoint, nano)
    return nano


@torch.no_grad()
def judged(judges: Judges, nano: Nano, pairs: list[validate.Pair]) -> Figures:
    network = fuse(nano)
    outputs = [validate.enlarge(network, pair.low, torch.device("cpu")) for pair in pairs]
    return judges.figures(outputs, [pair.high for pair in pairs])


def chosen(rows: dict[str, Figures], start: Figures, floor: float, drift: float) -> str | None:
    """The best by the rule above, if any keeps to its limits."""
    fit = {
        name: row.dists
        for name, row in rows.items()
        if row.psnr_y >= start.psnr_y - floor
        and row.colour <= drift
        and row.halo <= HALO
        and row.checkerboard <= CHECKERBOARD
    }
    return min(fit, key=lambda name: fit[name]) if fit else None


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default=str(RECIPE))
    parser.add_argument("--runs", default="runs/sweep", help="a folder for the trainings, each in its own below it")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--pictures", type=int, default=24, help="validation pairs that are judged")
    parser.add_argument("--leave-one-out", action="store_true")
    parser.add_argument("--only", nargs="*", default=[], help="names of the variants to run; the recipe is one")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="path=value")
    return parser.parse_args()


def main() -> None:
    given = options()
    path, overrides = existing(given.recipe), tuple(given.overrides)
    settings = recipe.load(path, overrides)
    if settings.train.start is None:
        raise SystemExit("the recipe has no train.start: there is nothing to compare with")
    wanted = variants(settings, given.leave_one_out)
    if unknown := set(given.only) - set(wanted):
        raise SystemExit(f"no such variant: {', '.join(sorted(unknown))}; there are {', '.join(wanted)}")
    heading.show()
    held_out = pack(assets.find(settings.train.data.validation), Path(given.runs) / "shards", settings.train.data)
    pairs = validate.pairs(held_out, settings.degradation)[: given.pictures]
    judges = Judges()
    start = judged(judges, average(existing(settings.train.start), settings), pairs)
    rows: dict[str, Figures] = {}
    for name, changes in wanted.items():
        if given.only and name not in given.only:
            continue
        varied = recipe.load(path, (*overrides, *changes))
        last = trained(varied, given.steps, Path(given.runs) / f"{name}-{given.steps}")
        rows[name] = judged(judges, average(last, varied), pairs)
        print(markdown({name: rows[name]}, "so far").splitlines()[-1], flush=True)
    print(f"\n{given.steps} steps each, {len(pairs)} pairs of {settings.train.data.validation}\n")
    print(markdown({"start": start, **rows}, "variant"))
    rule = stage2(settings)
    print(f"\nby the rule: {chosen(rows, start, rule.floor, rule.drift) or 'none keeps to the limits'}")


if __name__ == "__main__":
    main()
