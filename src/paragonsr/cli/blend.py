"""The command that goes part of the way from one training to another."""

from pathlib import Path

import click

from paragonsr import console
from paragonsr.cli.options import PATH


@click.command()
@click.argument("origin", type=PATH)
@click.argument("tuned", type=PATH)
@click.option("--share", type=click.FloatRange(0, 2), required=True, help="Of TUNED; the rest is ORIGIN's.")
@click.option("--out", metavar="FILE", type=PATH, required=True, help="The checkpoint to write (.safetensors).")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
def blend(origin: Path, tuned: Path, share: float, out: Path, overwrite: bool) -> None:
    """Mix the weights of two checkpoints: ORIGIN, and TUNED, which was trained from it.

    From a faithful network to a sharp one the way is smooth: less of the sharp one is less sharp, and nearer the truth.
    A share over 1 goes on beyond TUNED.

    \b
    paragonsr blend runs/fidelity/best.safetensors runs/perceptual/best.safetensors --share 0.8 --out mine.safetensors
    """
    from paragonsr.artifacts import output

    with console.needs("train"):
        from paragonsr.train.blend import blend

    output.check(out, overwrite=overwrite)
    blend(origin, tuned, share, out)
    click.echo(out)
