"""How much of the tuned network? Figures of the networks on the way from a fidelity model to a perceptual one.

    python bench/perceptual_blend.py ORIGIN TUNED [--share X ...] [--pictures N]

Both are checkpoints; `paragonsr blend` then writes the chosen one. On the first N validation pairs.

The rule, written down before: of the shares that lose at most 0.4 dB of PSNR-Y against ORIGIN, shift no picture's mean
colour by more than 0.7/255, have at most 0.12/255 of halo and at most 1.05 times the target's checkerboard, the one
with the lowest DISTS. LPIPS and NIQE are witnesses only.
"""

import argparse

import heading
from paragonsr import recipe
from paragonsr.artifacts import assets
from paragonsr.train import blend, validate
from paragonsr.train.shards import pack
from perceptual_figures import Figures, Judges, existing, markdown
from perceptual_sweep import RECIPE, chosen, judged

SHARES = (0.5, 0.8, 0.9, 1.0, 1.05, 1.15)
LOSS, DRIFT = 0.4, 0.7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("origin")
    parser.add_argument("tuned")
    parser.add_argument("--share", dest="shares", type=float, nargs="*", default=SHARES)
    parser.add_argument("--pictures", type=int, default=30, help="validation pairs that are judged")
    given = parser.parse_args()
    origin, tuned = existing(given.origin), existing(given.tuned)
    heading.show()
    settings = recipe.load(RECIPE, ())
    held_out = pack(assets.find(settings.train.data.validation), RECIPE.parents[1] / "runs/shards", settings.train.data)
    pairs = validate.pairs(held_out, settings.degradation)[: given.pictures]
    judges = Judges()
    rows: dict[str, Figures] = {}
    for share in (0.0, *given.shares):
        rows[f"{share:g}"] = judged(judges, blend.between(origin, tuned, share)[0], pairs)
        print(f"{share:g}: {' '.join(rows[f'{share:g}'].cells())}", flush=True)
    start = rows.pop("0")
    print(f"\n{markdown({'0': start, **rows}, f'share of {tuned.stem}, {len(pairs)} pairs')}")
    print(f"\nby the rule: {chosen(rows, start, LOSS, DRIFT) or 'none keeps to the limits'}")


if __name__ == "__main__":
    main()
