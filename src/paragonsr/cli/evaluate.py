"""The command that measures models."""

from pathlib import Path

import click

from paragonsr import console
from paragonsr.cli.options import PATH
from paragonsr.runtime.engine import AUTO, CHOICES


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--hr", "high", metavar="FOLDER", type=PATH, required=True, help="The targets.")
@click.option(
    "--lr",
    "low",
    metavar="bicubic|card|FOLDER",
    default="bicubic",
    show_default=True,
    help="How the inputs are made from the targets, or where they lie.",
)
@click.option("--json", "output", metavar="FILE", type=PATH, help="Write the whole report here; go on after a stop.")
@click.option("--fast", is_flag=True, help="Leave out LPIPS, DISTS, NIQE and BRISQUE.")
@click.option("--film", is_flag=True, help="The pictures are the frames of a film, by name: measure flicker as well.")
@click.option("--gray-as-rgb", is_flag=True, help="Measure gray pictures as RGB instead of refusing them.")
@click.option("--provider", type=click.Choice(CHOICES), default=AUTO, show_default=True, help="What computes.")
@click.option("--overwrite", is_flag=True, help="Replace a report that is there already.")
def evaluate(
    models: tuple[str, ...],
    high: Path,
    low: str,
    output: Path | None,
    fast: bool,
    film: bool,
    gray_as_rgb: bool,
    provider: str,
    overwrite: bool,
) -> int:
    """Measure models beside the classical kernels on the pictures of a folder, and say which is better, how surely.

    A MODEL is one that comes with the program, by its name, an ONNX file, or another program's command line in quotes,
    with {in} and {out} where its files go (PNG). LPIPS, DISTS, NIQE and BRISQUE need published weights in the assets
    folder, the first two PyTorch as well; what cannot be had is not measured, and that is said.

    With --json, a run that was stopped goes on where it was: give the same command again.

    \b
    paragonsr evaluate perceptual fidelity --hr photographs --json report.json
    paragonsr evaluate fidelity "other-upscaler -i {in} -o {out}" --hr photographs --lr card --fast
    """
    from paragonsr.artifacts.output import check as may_write
    from paragonsr.evaluate import pairs, report, suite
    from paragonsr.evaluate.table import table

    source = pairs.source(low)
    draft = None
    if output:
        may_write(output, overwrite=overwrite)
        draft = output.with_name(f".{output.name}.draft")
    settings = suite.Settings(fast, film, gray_as_rgb, provider)
    with console.progress(len(pairs.candidates(high, source)), "measuring") as advance, console.stoppable() as check:

        def progress(*_: object) -> None:
            advance(1)
            check()

        found = suite.evaluate(models, high, source, settings, draft=draft, progress=progress)
    if output and draft:
        report.save(found, output, overwrite=overwrite)
        draft.unlink(missing_ok=True)
    console.show(table(found))
    return console.FAILED if found.faults else console.DONE
