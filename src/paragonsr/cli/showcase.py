"""The command that shows what models do."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paragonsr import console
from paragonsr.cli.options import PATH
from paragonsr.runtime.engine import AUTO, CHOICES

if TYPE_CHECKING:
    from paragonsr.evaluate.showcase.gallery import Low


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--images", metavar="FOLDER", type=PATH, required=True, help="The photographs, as targets.")
@click.option("--out", metavar="FOLDER", type=PATH, required=True, help="Where the page and the sheets go.")
@click.option(
    "--lr",
    "low",
    type=click.Choice(["card", "bicubic"]),
    default="card",
    show_default=True,
    help="How the inputs are made: the card's fixed pattern, or clean bicubic halves.",
)
@click.option("--faces", metavar="CSV", type=PATH, help="Faces to show: columns file and, if known, x and y.")
@click.option("--crops", metavar="N", type=click.IntRange(1, 200), default=24, show_default=True, help="How many.")
@click.option("--provider", type=click.Choice(CHOICES), default=AUTO, show_default=True, help="What computes.")
@click.option("--overwrite", is_flag=True, help="Replace a showcase that is there already.")
def showcase(
    models: tuple[str, ...],
    images: Path,
    out: Path,
    low: "Low",
    faces: Path | None,
    crops: int,
    provider: str,
    overwrite: bool,
) -> int:
    """Show models (names or ONNX files) beside the classical kernels on telling crops of photographs.

    The program chooses the crops: of fine lines, texture, smooth gradients and anything else those in which the models
    differ most, and faces. FOLDER/index.html is one file that needs nothing else; FOLDER/sheets holds PNGs of the same.

    \b
    paragonsr showcase perceptual fidelity --images photographs --out showcase
    """
    from paragonsr.evaluate import pairs
    from paragonsr.evaluate.showcase import folder
    from paragonsr.evaluate.showcase.faces import listed
    from paragonsr.evaluate.showcase.gallery import gather

    people = listed(faces) if faces else []
    pictures = len(pairs.candidates(images, low)) + 1 + len(people)
    folder.prepare(out, overwrite=overwrite)
    with console.progress(pictures, "looking") as advance:
        gallery = gather(models, images, low, faces=people, count=crops, provider=provider, progress=lambda: advance(1))
    for fault in gallery.record.faults:
        console.fail(f"{fault.name}: {fault.reason}")
    for path in folder.write(gallery, out, overwrite=overwrite):
        click.echo(path)
    return console.FAILED if gallery.record.faults else console.DONE
