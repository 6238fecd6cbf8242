"""The command line. Commands import what they need when they run, so that `--help` answers at once."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paragonsr import __version__, console
from paragonsr.cli.bench import bench
from paragonsr.cli.blend import blend
from paragonsr.cli.curate import curate
from paragonsr.cli.evaluate import evaluate
from paragonsr.cli.export import export
from paragonsr.cli.options import PATH, SET, THREADS
from paragonsr.cli.publish import card, leaderboard
from paragonsr.cli.showcase import showcase
from paragonsr.imaging.formats import WRITABLE
from paragonsr.runtime import catalogue
from paragonsr.runtime.engine import AUTO, CHOICES, CPU

if TYPE_CHECKING:
    from paragonsr.degrade.folder import Pattern
    from paragonsr.runtime.folder import Plan
    from paragonsr.runtime.job import Outcome
    from paragonsr.runtime.session import Session

FORMATS = tuple(suffix[1:] for kind in WRITABLE for suffix in kind.suffixes)


def main() -> int:
    """Entry point: 0 all done, 1 some failed, 2 wrong usage, 130 interrupted."""
    return console.run(cli)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="paragonsr")
def cli() -> None:
    """Make photographs twice as wide and twice as high, sharp and without invention."""


@cli.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option("-o", "--output", metavar="OUT", type=PATH, help="File to write (for one picture), or folder.")
@click.option(
    "--model",
    metavar="NAME|FILE",
    default=catalogue.DEFAULT,
    show_default=True,
    help="A model that comes with the program (see `paragonsr models`), or an ONNX file.",
)
@click.option(
    "--provider",
    type=click.Choice(CHOICES),
    default=AUTO,
    show_default=True,
    help="What computes. `auto` takes a GPU first, if it computes rightly and is not slow, and says which.",
)
@click.option(
    "--tile",
    metavar="N",
    type=click.IntRange(min=0),
    help="Work in squares of N input pixels; smaller needs less memory. 0: the whole picture at once.",
)
@click.option("--threads", metavar="N", type=THREADS, help="Processor cores to use; all by default.")
@click.option("--overwrite", is_flag=True, help="Replace results that are there already.")
@click.option(
    "--quality",
    metavar="N",
    type=click.IntRange(1, 100),
    help="1 to 100; by default 95 for JPEG, 90 for WebP and AVIF.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS, case_sensitive=False),
    metavar="F",
    help=f"Write {', '.join(FORMATS)}; by default the input's format, or that of OUT.",
)
@click.option("--first-frame", is_flag=True, help="Take the first picture of an animation instead of refusing it.")
def upscale(
    inputs: tuple[Path, ...],
    output: Path | None,
    model: str,
    provider: str,
    tile: int | None,
    threads: int | None,
    overwrite: bool,
    quality: int | None,
    format_: str | None,
    first_frame: bool,
) -> int:
    """Enlarge pictures, or all pictures in folders and the folders below.

    INPUT becomes <name>_2x beside it, in the same format; with -o FOLDER the results go there, in the same tree.
    Originals are never changed. When a folder was interrupted, the same command goes on where it stopped.

    \b
    paragonsr upscale holiday.jpg
    paragonsr upscale scan.tif -o large.png
    paragonsr upscale photos -o photos-large
    """
    from paragonsr.runtime.folder import plan
    from paragonsr.runtime.job import Settings, pixels, work
    from paragonsr.runtime.upscaler import Upscaler

    with Upscaler(model, provider=provider, tile=tile, threads=threads) as upscaler:
        planned = plan(inputs, output, scale=upscaler.scale, suffix=format_ and f".{format_}", overwrite=overwrite)
        session = upscaler.session
        click.echo(f"{session.name} on {session.provider}, {session.threads} threads", err=True)
        settings = Settings(format_, quality, overwrite, first_frame)
        with console.stoppable() as check, console.progress(sum(map(pixels, planned.jobs)), "enlarging") as advance:
            outcomes = work(planned.jobs, upscaler, settings, lambda n: (advance(n), check()))
            with closing(outcomes):  # else an interrupt would leave its threads waiting for each other
                return _report(planned, outcomes, check)


@cli.command()
@click.option("--check", is_flag=True, help="Say instead what is installed to compute with, and whether it works.")
def models(check: bool) -> int:
    """List the models that come with the program, with the facts of their cards."""
    if check:
        return _check_installation()
    from paragonsr.runtime.session import Session

    for name in catalogue.MODELS:
        with Session(catalogue.find(name), provider=CPU, threads=1) as session:
            click.echo(f"{name}{' (default)' if name == catalogue.DEFAULT else ''}")
            for key, value in _facts(session):
                click.echo(f"    {key}: {value}")
    return console.DONE


@cli.command()
@click.argument("folder", metavar="HIGH", type=PATH)
@click.option("-o", "--output", metavar="LOW", type=PATH, required=True, help="Folder for the halves, PNG.")
@click.option(
    "--pattern",
    type=click.Choice(["validation", "training", "bicubic"]),
    default="validation",
    show_default=True,
    help="The card's fixed pattern, its random one, or clean antialiased bicubic.",
)
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="Of the training pattern.")
def degrade(folder: Path, output: Path, pattern: "Pattern", seed: int) -> int:
    """Make low-resolution halves of all pictures in the folder HIGH, to train or to measure on."""
    from paragonsr.degrade.folder import degrade, targets

    highs = targets(folder)
    failed = 0
    with console.progress(len(highs), "degrading") as advance, console.stoppable() as check:
        for outcome in degrade(highs, output, pattern, seed=seed):
            check()
            advance(1)
            if outcome.error:
                failed += bool(console.fail(outcome.error))
    click.echo(f"{len(highs) - failed} of {len(highs)} pictures halved into {output}")
    return console.FAILED if failed else console.DONE


@cli.command()
@click.argument("recipe", type=PATH)
@click.option("--run", "folder", metavar="FOLDER", type=PATH, required=True, help="Where the run lives.")
@SET
def train(recipe: Path, folder: Path, overrides: tuple[str, ...]) -> None:
    """Train a model as RECIPE (TOML) says. The same command again goes on where it stopped.

    \b
    paragonsr train recipes/fidelity.toml --run runs/fidelity
    paragonsr train recipes/fidelity.toml --run runs/gpu --set train.device=cuda --set train.workers=8
    """
    from paragonsr.recipe import dumps, load

    with console.needs("train"):
        from paragonsr.train.loop import train

    settings = load(recipe, overrides)
    resolved = folder / "recipe.json"
    if not resolved.exists():  # else it is that run's own, which decides itself whether these settings go on with it
        folder.mkdir(parents=True, exist_ok=True)
        resolved.write_bytes(dumps(settings))
    best = train(settings.train, settings.model, settings.degradation, folder)
    click.echo(f"the best checkpoint is {best}")


cli.add_command(bench)
cli.add_command(blend)
cli.add_command(export)
cli.add_command(evaluate)
cli.add_command(showcase)
cli.add_command(card)
cli.add_command(leaderboard)
cli.add_command(curate)


def _report(planned: "Plan", outcomes: "Iterable[Outcome]", check: Callable[[], None]) -> int:
    """Print what becomes of each picture, as it happens; the exit code."""
    for source, reason in planned.skipped:
        click.echo(f"{click.format_filename(source)}: skipped, {reason}")
    done = failed = 0
    for outcome in outcomes:
        if outcome.error is None:
            done += 1
            click.echo(f"{click.format_filename(outcome.job.source)} -> {click.format_filename(outcome.job.target)}")
        else:
            failed += 1
            console.fail(outcome.error)
        check()
    if len(planned.jobs) + len(planned.skipped) > 1:
        click.echo(f"{done} enlarged, {len(planned.skipped)} skipped, {failed} failed")
    return console.FAILED if failed else console.DONE


def _check_installation() -> int:
    """Print each engine with its verdict; FAILED if packages of ONNX Runtime are in each other's way."""
    from paragonsr.runtime import builds

    here = builds.installed()
    for build, version in here.items():
        click.echo(f"{build} {version}")
    code = console.fail(clash) if (clash := builds.clash(here)) else console.DONE
    try:
        from paragonsr.runtime import installation
    except ImportError as error:  # of a mixture
        return console.fail(f"ONNX Runtime cannot be imported: {error}")
    for found in installation.findings():
        works = "works" if found.works else "does not work"
        click.echo(f"    {found.provider}: {works}{f': {found.text}' if found.text else ''}")
    return code


def _facts(session: "Session") -> Iterator[tuple[str, object]]:
    """What a model's card says, for people."""
    yield "enlarges", f"{session.scale} times"
    yield "looks", f"{session.radius} pixels far"
    if session.card is None:
        return
    card = session.card
    yield "name", f"{card.name}, version {card.version}, {card.licence}"
    yield "numbers", f"{card.parameters:,}"
    yield "trained on", f"{card.training.corpus} ({card.training.corpus_licence}), {card.training.degradation}"
    for name, value in card.measured.items():
        yield name, f"{value:g}"
