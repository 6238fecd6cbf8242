"""The command that shows what models do."""

from pathlib import Path

import click

from paragonsr import console
from paragonsr.cli.options import PATH
from paragonsr.runtime.engine import AUTO, CHOICES


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--images", metavar="FOLDER", type=PATH, required=True, help="The photographs, as targets.")
@click.option("--out", metavar="FOLDER", type=PATH, required=True, help="Where the page and the sheets go.")
@click.option(
    "--lr",
    "low",
    metavar="card|bicubic|FOLDER",
    default="card",
    show_default=True,
    help="How the inputs are made from the photographs, or where they lie.",
)
@click.option("--faces", metavar="CSV", type=PATH, help="Faces to show: columns file and, if known, x and y.")
@click.option("--crops", metavar="N", type=click.IntRange(1, 200), default=24, show_default=True, help="How many.")
@click.option("--provider", type=click.Choice(CHOICES), default=AUTO, show_default=True, help="What computes.")
@click.option("--overwrite", is_flag=True, help="Replace a showcase that is there already.")
def showcase(
    models: tuple[str, ...],
    images: Path,
    out: Path,
    low: str,
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

    people, source = listed(faces) if faces else [], pairs.source(low)
    pictures = len(pairs.candidates(images, source)) + 1 + len(people)
    new = folder.prepare(out, overwrite=overwrite)
    try:
        with console.progress(pictures, "looking") as advance:
            gallery = gather(
                models, images, source, faces=people, count=crops, provider=provider, progress=lambda: advance(1)
            )
        for fault in gallery.record.faults:
            console.fail(f"{fault.name}: {fault.reason}")
        for path in folder.write(gallery, out, overwrite=overwrite):
            click.echo(path)
    finally:
        folder.abandon(new)
    return console.FAILED if gallery.record.faults else console.DONE
