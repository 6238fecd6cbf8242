"""The commands that write what is published about models: the card and the leaderboard."""

from pathlib import Path

import click

from paragonsr.cli.options import PATH

REPORTS = click.option(
    "--report", "reports", metavar="FILE", type=PATH, multiple=True, required=True, help="Of `evaluate`; repeatable."
)


@click.command()
@click.argument("model")
@REPORTS
@click.option("--recipe", metavar="FILE", type=PATH, help="What it was trained by, for the facts of training.")
@click.option("--images", metavar="FOLDER", type=PATH, help="Photographs of which crops may be shown.")
@click.option("--out", metavar="FOLDER", type=PATH, required=True, help="Where the page and the crops go.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
def card(
    model: str, reports: tuple[Path, ...], recipe: Path | None, images: Path | None, out: Path, overwrite: bool
) -> None:
    """Write the card of MODEL (a name, or an ONNX file with its .json): its purpose, use, figures and faults.

    Every figure comes from the model's .json, the reports and the recipe; the same files give the same page. With
    --images the parts that come back worst are shown.

    \b
    paragonsr card models/2xMine.onnx --report set14.json --recipe mine.toml --images photographs --out cards
    """
    from paragonsr.publish import folder
    from paragonsr.recipe import load

    trained = load(recipe) if recipe else None
    for path in folder.write(model, reports, trained, images, out, overwrite=overwrite):
        click.echo(path)


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@REPORTS
@click.option("--out", metavar="FILE", type=PATH, required=True, help="The page (.md); rows in it stay.")
def leaderboard(models: tuple[str, ...], reports: tuple[Path, ...], out: Path) -> None:
    """Write the rows of MODELs (names or ONNX files with their .json) into a leaderboard, new or old.

    \b
    paragonsr leaderboard perceptual fidelity --report set14.json --report val.json --out docs/leaderboard.md
    """
    from paragonsr.evaluate import report
    from paragonsr.publish import leaderboard
    from paragonsr.publish.folder import known
    from paragonsr.publish.page import find

    board, rows = leaderboard.load(out), 0
    for path in reports:
        measured = report.load(path)
        for file, card in map(known, models):
            leaderboard.add(board, *find(measured, file), card)
            rows += 1
    leaderboard.save(board, out)
    click.echo(f"{out}: {rows} rows, of {sum(map(len, board.values()))}")
