"""The command that makes a release."""

from pathlib import Path

import click

from paragonsr import __version__, console
from paragonsr.cli.options import PATH, SIDE


def _here_first(_: click.Context, __: click.Parameter, folder: str) -> str:
    """A folder here by its whole path; any other name is looked up in the assets later."""
    return str(Path(folder).absolute()) if Path(folder).is_dir() else folder


def _said(_: click.Context, __: click.Parameter, text: str) -> str:
    if not text.strip():
        raise click.BadParameter("must not be empty")
    return text


def _web(_: click.Context, __: click.Parameter, url: str) -> str:
    if url and not url.startswith(("https://", "http://")):
        raise click.BadParameter(f"{url!r} is no web address")
    return url


@click.command()
@click.argument("checkpoint", type=PATH)
@click.option("--name", help="What the files are called; must contain 2x. Default: after the recipe or the file.")
@click.option("--out", metavar="FOLDER", type=PATH, required=True, help="Where they go.")
@click.option("--version", default=__version__, show_default=True, help="Of the model, for its card.")
@click.option(
    "--tiles",
    metavar="FOLDER",
    default="data/val",
    show_default=True,
    callback=_here_first,
    help="Pictures to prove it on: a folder here, or one of the assets.",
)
@click.option(
    "--calibrate",
    metavar="FOLDER",
    default="data/train",
    show_default=True,
    callback=_here_first,
    help="Pictures to take 8 bits' ranges from: a folder here, or one of the assets.",
)
@click.option("--report", "reports", metavar="FILE", type=PATH, multiple=True, help="Evaluation for the card.")
@click.option("--size", "sizes", metavar="H W", type=(SIDE, SIDE), multiple=True, help="Also a file for one size.")
@click.option("--author", default="unknown", show_default=True, callback=_said, help="For the OpenModelDB entry.")
@click.option("--url", default="", callback=_web, help="Where the files will lie, for the OpenModelDB entry.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
def export(
    checkpoint: Path,
    name: str | None,
    out: Path,
    version: str,
    tiles: str,
    calibrate: str,
    reports: tuple[Path, ...],
    sizes: tuple[tuple[int, int], ...],
    author: str,
    url: str,
    overwrite: bool,
) -> None:
    """Write all files of a training's CHECKPOINT, once it is proved that they compute what was trained.

    The ONNX graph (float32, and half precision and 8 bits if they hold), the numbers, the card as JSON and Markdown, an
    entry for OpenModelDB, checksums. A published checkpoint of ParagonSR2 Nano is recognised by the names in it.

    \b
    paragonsr export runs/fidelity/best.safetensors --name 2xMine --out models
    """
    from paragonsr.artifacts import assets
    from paragonsr.degrade.folder import targets
    from paragonsr.errors import AssetError
    from paragonsr.evaluate import origin, report
    from paragonsr.imaging.codec import read

    with console.needs("export"):
        from paragonsr.export import eight
        from paragonsr.export.release import Publication, default_name, export

    name = name or default_name(checkpoint)
    try:
        found = targets(assets.find(tiles))[:8]
    except AssetError as error:
        raise AssetError(f"{error}, or name a folder with --tiles: the files are proved on its pictures") from error
    pictures = [read(path).pixels for path in console.one_by_one(found)]
    measured: dict[str, float] = {}
    for path in reports:
        measured |= report.figures(report.load(path), name)
    here = origin.machine()
    files = export(
        checkpoint,
        out,
        name=name,
        version=version,
        tiles=pictures,
        measured=measured,
        sizes=sizes,
        material=lambda: eight.gather(calibrate, tiles, console.one_by_one),
        publication=Publication(author, url, machine=f"{here.processor}, {here.cores} cores, {here.system}"),
        overwrite=overwrite,
    )
    for path in files:
        click.echo(path)
