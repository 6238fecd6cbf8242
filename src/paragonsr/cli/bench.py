"""The command that says how fast models are here."""

from pathlib import Path

import click

from paragonsr import console
from paragonsr.cli.options import PATH, SIDE, THREADS
from paragonsr.runtime import catalogue
from paragonsr.runtime.engine import ENGINES


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--provider",
    "providers",
    type=click.Choice(tuple(ENGINES)),
    multiple=True,
    help="What computes; may be repeated. Default: all that are installed.",
)
@click.option("--threads", metavar="N", type=THREADS, multiple=True, help="Default: all cores, and one.")
@click.option(
    "--size",
    "sizes",
    metavar="H W",
    type=(SIDE, SIDE),
    multiple=True,
    default=((320, 480), (720, 1280)),
    show_default="320 480 and 720 1280",
    help="Of the picture that is enlarged.",
)
@click.option("--rounds", metavar="N", type=click.IntRange(1), default=9, show_default=True, help="Measured turns.")
@click.option("--no-memory", is_flag=True, help="Leave peak memory out: it starts a process for each row.")
@click.option("--json", "output", metavar="FILE", type=PATH, help="Write the whole report here.")
@click.option("--overwrite", is_flag=True, help="Replace a report that is there already.")
def bench(
    models: tuple[str, ...],
    providers: tuple[str, ...],
    threads: tuple[int, ...],
    sizes: tuple[tuple[int, int], ...],
    rounds: int,
    no_memory: bool,
    output: Path | None,
    overwrite: bool,
) -> int:
    """Measure how fast models (names or ONNX files) are on this machine, beside Pillow's Lanczos.

    Speed, processor time and peak memory of each model on each provider, and the precision it really computes in. All
    take turns, after a warm-up, so that other work on the machine slows them alike: trust the ratios more than the
    seconds.

    \b
    paragonsr bench
    paragonsr bench perceptual 2xMine_fp16_dynamic.onnx --threads 2 --json speed.json
    """
    from paragonsr.artifacts.output import check
    from paragonsr.errors import ProviderError
    from paragonsr.runtime.provider import cores
    from paragonsr.speed.bench import Programme, bench
    from paragonsr.speed.report import save
    from paragonsr.speed.table import table

    if output:
        check(output, overwrite=overwrite)
    wanted = tuple(dict.fromkeys(threads or (cores(), 1)))
    programme = Programme(tuple(dict.fromkeys(sizes)), wanted, rounds, memory=not no_memory)
    with console.progress(programme.steps, "measuring") as advance:
        found = bench(models or (catalogue.DEFAULT,), providers, programme, advance)
    if output:
        save(found, output, overwrite=overwrite)
    console.show(table(found))
    asked = [fault for fault in found.faults if providers or fault.error != ProviderError.__name__]
    return console.FAILED if asked else console.DONE
