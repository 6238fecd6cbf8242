"""The commands that make a training set."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paragonsr import console
from paragonsr.cli.options import PATH, SET

if TYPE_CHECKING:
    from paragonsr.curate.pipeline import Step
    from paragonsr.jobs import Pool

EXECUTOR = click.option(
    "--executor",
    metavar="E",
    default="local",
    show_default=True,
    help="What works: local or local:N for N processes, dask:ADDRESS, ray or ray:ADDRESS.",
)
STAGES = ("measure", "technical", "aesthetic", "judge", "tiles")
STAGES_HELP = f"Only this stage ({', '.join(STAGES)}); may be repeated, in order."


@click.group()
def curate() -> None:
    """Make a clean training set of a folder of photographs, and say why each tile was kept or thrown away."""


@curate.command("run")
@click.argument("recipe", type=PATH)
@click.argument("photos", metavar="PHOTOS...", nargs=-1, required=True, type=PATH)
@click.option("-o", "--out", metavar="FOLDER", type=PATH, required=True, help="Where the set lives.")
@EXECUTOR
@click.option("--stage", "stages", metavar="STAGE", multiple=True, type=click.Choice(STAGES), help=STAGES_HELP)
@click.option("--require-licence", is_flag=True, help="Reject photographs without one that the recipe allows.")
@SET
def curate_run(
    recipe: Path,
    photos: tuple[Path, ...],
    out: Path,
    executor: str,
    stages: tuple["Step", ...],
    require_licence: bool,
    overrides: tuple[str, ...],
) -> None:
    """Curate PHOTOS (folders, zip and tar archives, files) as RECIPE says.

    The same command again goes on where it stopped. A photograph that cannot be used is a row with its reason in
    manifest.parquet, and no failure of the command.

    \b
    paragonsr curate run recipes/curate.toml photographs -o curated
    paragonsr train recipes/fidelity.toml --run runs/mine --set train.data.train=$PWD/curated/tiles
    """
    from paragonsr.recipe import curation

    licence = ("sources.require_licence=true",) if require_licence else ()
    settings = curation(recipe, (*overrides, *licence))
    with console.needs("curate"):
        from paragonsr.curate import pipeline
    from paragonsr.jobs import executor as pool

    plan = pipeline.plan(settings, out)
    with console.stoppable() as check, pool(executor, pipeline.PRELOAD) as workers:
        steps = stages or pipeline.STEPS
        pipeline.curate(photos, plan, workers, steps=steps, progress=console.progress, check=check)
        _curated(out, workers, pictures=not stages)


@curate.command("apply")
@click.argument("recipe", type=PATH)
@click.option("-o", "--out", metavar="FOLDER", type=PATH, required=True, help="Where the set lives.")
@SET
def curate_apply(recipe: Path, out: Path, overrides: tuple[str, ...]) -> None:
    """Judge the tiles of a set again by the bounds of RECIPE, from what was measured: no picture is touched.

    Only manifest.parquet changes; `curate run` with the same recipe then brings the tiles up to it.
    """
    from paragonsr.recipe import curation

    settings = curation(recipe, overrides)
    with console.needs("curate"):
        from paragonsr.curate import pipeline

    pipeline.apply(pipeline.plan(settings, out))
    _curated(out, None, pictures=False)


@curate.command("report")
@click.argument("out", metavar="FOLDER", type=PATH)
@EXECUTOR
def curate_report(out: Path, executor: str) -> None:
    """Look at a set: what was lost where, as a table here and with pictures in FOLDER/report.html."""
    with console.needs("curate"):
        from paragonsr.curate.pipeline import PRELOAD
    from paragonsr.jobs import executor as pool

    with pool(executor, PRELOAD) as workers:
        _curated(out, workers, pictures=True)


@curate.command("prepare")
@click.argument("network", type=click.Choice(["nima", "arniqa"]))
@click.option("--weights", metavar="PATH", type=PATH, required=True, help="The public weights: file, or folder.")
@click.option("-o", "--out", metavar="FILE", type=PATH, help="The ONNX file; default: models/NETWORK.onnx.")
def curate_prepare(network: str, weights: Path, out: Path | None) -> None:
    """Make the ONNX file of a judging network from its public weights, once; curation itself needs no PyTorch."""
    with console.needs("export"):
        from paragonsr.curate.prepare import prepare

    click.echo(prepare(network, weights, out or Path("models", f"{network}.onnx")))


def _curated(out: Path, workers: "Pool | None", *, pictures: bool) -> None:
    """Print what became of the photographs, and with `pictures` write the page that shows it."""
    from rich.console import Console

    from paragonsr.curate import report, table
    from paragonsr.curate.summary import summarise

    found = summarise(out)
    Console().print(table.table(found))
    if pictures and workers is not None:
        click.echo(f"with pictures: {report.write(out, found, workers)}")
