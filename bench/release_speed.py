"""The speeds that a release is held to, each beside what it is held against.

    python bench/release_speed.py [--only PART ...] [--model NAME|FILE] [--provider NAME] [--int8 FILE]
                                  [--published CHECKPOINT] [--rival FILE ...]

    published   the model's session, and with the provider if it is another, against the published Nano's: the quickest
                of its straight translation and what `published_exports.py` made of it; and our own graph of it
    conversion  uint8 in and out against the session alone, on one core
    stages      what a JPEG to a JPEG or PNG is made of, ours and Pillow's
    process     a JPEG to a PNG, and to a JPEG: the whole process, its parts done alone, and Pillow's enlargement
    flat        time for each megapixel from 0.25 MP up
    memory      peak of the whole process on 100 MP

All that is compared takes turns. On a busy machine trust CPU time, which is what all threads of a process computed;
wall time is given beside it. A "must" is issue D's.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from PIL import Image
from rich.console import Console
from rich.table import Table

import heading
from memory import peak, photograph
from paragonsr import Upscaler
from paragonsr.artifacts import assets
from paragonsr.export import checkpoint
from paragonsr.export.published import graph
from paragonsr.imaging import codec
from paragonsr.imaging.tiles import cut, whole
from paragonsr.runtime import catalogue, contest, provider
from paragonsr.runtime.engine import CPU, ENGINES
from paragonsr.runtime.session import Session
from paragonsr.runtime.upscaler import TILE
from paragonsr.speed.picture import noise
from published import Straight

PUBLISHED = "reference/2xParagonSR2_Nano_Pretrain.safetensors"
SIZE = (320, 480)
PROGRAM = str(Path(sys.executable).with_name("paragonsr"))
PILLOW = """
import sys; from PIL import Image
image = Image.open(sys.argv[1]).convert("RGB")
large = image.resize((2 * image.width, 2 * image.height), Image.Resampling.LANCZOS)
settings = {"compress_level": 1} if sys.argv[2].endswith(".png") else {"quality": 95, "subsampling": 0}
large.save(sys.argv[2], **settings)
"""


def published(options: argparse.Namespace) -> Table:
    """CPU and wall time of the published Nano over ours."""
    adopted = checkpoint.adopt(options.published)
    assert adopted is not None, f"{options.published} is no published checkpoint"
    over = (f"x {which}, {kind}" for which in ("its best", "our graph of it") for kind in ("CPU", "wall"))
    table = Table("threads", "file", "MP/s", "CPU ms/MP", *over)
    table.title = "against the published Nano's best ONNX: must 3.5 x, hope 5 x (any file: 7 x, 10 x)"
    x = np.random.default_rng(0).random((1, 3, *SIZE), dtype=np.float32)
    with TemporaryDirectory() as folder:
        theirs = {path.stem: path for path in options.rival} | {"straight": Path(folder, "straight.onnx")}
        onnx.save(Straight().network(adopted.network), theirs["straight"])
        files = theirs | {"our graph of it": Path(folder, "graph.onnx"), "ours, float32": catalogue.find(options.model)}
        onnx.save(graph(adopted.network, {}), files["our graph of it"])
        if options.int8:
            files["ours, int8"] = options.int8
        for threads in options.threads:
            sessions = {name: provider.runner(path, CPU, threads) for name, path in files.items()}
            if options.provider != CPU:
                mine = Session(files["ours, float32"], provider=options.provider, threads=threads)
                sessions[f"ours, on {options.provider}"] = mine.run
            jobs = {name: lambda run=run: run(x) for name, run in sessions.items()}
            costs = contest.interleaved(jobs, options.rounds)
            usual = {name: contest.typical(turns) for name, turns in costs.items()}
            best = min(theirs, key=lambda name: usual[name].cpu)
            for name, turns in costs.items():
                figures = (megapixels(SIZE) / usual[name].wall, 1e3 * usual[name].cpu / megapixels(SIZE))
                ratios = [
                    figure for other in (best, "our graph of it") for figure in contest.ratio(costs[other], turns)
                ]
                called = f"{name} (its best)" if name == best else name
                table.add_row(str(threads), called, *(f"{f:.1f}" for f in figures), *(f"{r:.2f}" for r in ratios))
    return table


def conversion(options: argparse.Namespace) -> Table:
    """What `Upscaler` adds to its session on one tile and one core, as each of its lanes works."""
    table = Table("what", "CPU ms/MP", "more, CPU", title="uint8 in, uint8 out: must be below 10 % of the network")
    pixels = noise(TILE, TILE)
    x = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    with Upscaler(options.model, provider=options.provider, threads=1) as upscaler:
        jobs = {"session": lambda: upscaler.session.run(x), "with conversions": lambda: upscaler(pixels)}
        costs = contest.interleaved(jobs, options.rounds)
    for name, turns in costs.items():
        cpu = 1e3 * contest.typical(turns).cpu / megapixels((TILE, TILE))
        table.add_row(name, f"{cpu:.1f}", f"{100 * (contest.ratio(turns, costs['session']).cpu - 1):+.1f} %")
    return table


def stages(options: argparse.Namespace) -> Table:
    """CPU time of each step of a small photograph, on one thread, alone."""
    table = Table("step", "ours, CPU ms/MP", "Pillow's", title="per output megapixel, one thread")
    width, height = options.side
    with TemporaryDirectory() as name, Upscaler(options.model, provider=options.provider, threads=1) as upscaler:
        folder = Path(name)
        photograph(folder / "a.jpg", width, height)
        picture = codec.read(folder / "a.jpg")
        large, image = upscaler(picture.pixels), Image.open(folder / "a.jpg").convert("RGB")
        made, double = codec.Picture(large, picture.metadata), (2 * width, 2 * height)
        theirs = image.resize(double, Image.Resampling.LANCZOS)
        settings = {".jpg": {"quality": 95, "subsampling": 0}, ".png": {"compress_level": 1}}
        jobs: dict[str, tuple[contest.Job, contest.Job]] = {
            "read": (lambda: codec.read(folder / "a.jpg"), lambda: Image.open(folder / "a.jpg").convert("RGB")),
            "enlarge": (lambda: upscaler(picture.pixels), lambda: image.resize(double, Image.Resampling.LANCZOS)),
        }
        for end, how in settings.items():
            jobs[f"write {end[1:]}"] = (
                lambda end=end: codec.write(folder / f"o{end}", made, overwrite=True),
                lambda end=end, how=how: theirs.save(folder / f"p{end}", **how),
            )
        for step, (ours, other) in jobs.items():
            costs = contest.interleaved({"ours": ours, "Pillow": other}, options.turns, warm_up=1)
            table.add_row(
                step, *(f"{1e3 * contest.typical(c).cpu / megapixels((height, width)):.1f}" for c in costs.values())
            )
    return table


def process(options: argparse.Namespace) -> Table:
    """The whole process against its parts alone, and against Pillow in a process of its own."""
    table = Table("threads", "to", "what", "CPU s", "wall s", "ours over it, CPU", "wall", title_justify="left")
    width, height = options.side
    table.title = f"{width * height / 1e6:.0f} MP JPEG: must over its parts 1.25 x; over Pillow PNG 2.2 x, JPEG 3.5 x"
    with TemporaryDirectory() as name:
        folder = Path(name)
        photograph(folder / "a.jpg", width, height)
        for threads in options.threads:
            for suffix in (".png", ".jpg"):
                ours = [PROGRAM, "upscale", str(folder / "a.jpg"), "-o", str(folder / f"o{suffix}"), "--overwrite"]
                ours += ["--model", str(options.model), "--threads", str(threads), "--provider", options.provider]
                theirs = [sys.executable, "-c", PILLOW, str(folder / "a.jpg"), str(folder / f"p{suffix}")]
                large, target = (folder / f"{letter}{suffix}" for letter in "oq")
                with Session(catalogue.find(options.model), provider=options.provider, threads=threads) as session:
                    turns = [
                        [alone(ours), parts(folder / "a.jpg", large, target, session), alone(theirs)]
                        for _ in range(options.turns)
                    ]
                for index, what in enumerate(("the whole process", "decode + session + encode", "Pillow")):
                    figures = [median(getattr(turn[index], kind) for turn in turns) for kind in ("cpu", "wall")]
                    ratios = [
                        median(getattr(turn[0], kind) / getattr(turn[index], kind) for turn in turns)
                        for kind in ("cpu", "wall")
                    ]
                    cells = (*(f"{f:.1f}" for f in figures), *(f"{ratio:.2f}" for ratio in ratios))
                    table.add_row(str(threads), suffix[1:], what, *cells)
    return table


def parts(source: Path, large: Path, target: Path, session: Session) -> contest.Cost:
    """Decode, session and encode one after the other, each with nothing around it, in this process."""
    start = codec.read(source)
    area = whole(*start.pixels.shape[:2])
    tiles = cut(area, area, TILE, session.radius or 0, 1)
    shapes = [(1, 3, tile.window.rows.length, tile.window.columns.length) for tile in tiles]
    planes = {shape: np.random.default_rng(0).random(shape, dtype=np.float32) for shape in set(shapes)}
    result = codec.read(large)
    costs = [
        contest.cost(lambda: codec.read(source)),
        contest.cost(lambda: [session.run(planes[shape]) for shape in shapes]),
        contest.cost(lambda: codec.write(target, result, overwrite=True)),
    ]
    return contest.Cost(sum(cost.cpu for cost in costs), sum(cost.wall for cost in costs))


def alone(command: list[str]) -> contest.Cost:
    """A command's own process; stops when it fails."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {running.returncode}")
    return contest.Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - start)


def flat(options: argparse.Namespace) -> Table:
    """CPU time for each megapixel of one upscaler over sizes; each is measured next to the one of 1 MP."""
    table = Table("threads", "input MP", "CPU ms/MP", "over that of 1 MP, CPU", "wall")
    table.title = "time per output megapixel: must be flat within 25 %, hope 10 %"
    for threads in options.threads:
        with Upscaler(options.model, provider=options.provider, threads=threads) as upscaler:
            for size in options.megapixels:
                side, rounds = round((size * 1e6) ** 0.5), 3 if size > 4 else options.rounds
                small, large = noise(1000, 1000), noise(side, side)
                jobs: dict[str, contest.Job] = {
                    "1": lambda u=upscaler, p=small: u(p),
                    "size": lambda u=upscaler, p=large: u(p),
                }
                costs = contest.interleaved(jobs, rounds, warm_up=1)
                over, share = contest.ratio(costs["size"], costs["1"]), side**2 / 1e6
                cpu = 1e3 * contest.typical(costs["size"]).cpu / megapixels((side, side))
                table.add_row(
                    str(threads), f"{size:g}", f"{cpu:.1f}", f"{over.cpu / share:.2f}", f"{over.wall / share:.2f}"
                )
    return table


def memory(options: argparse.Namespace) -> Table:
    table = Table("input", "peak GB", title="peak memory of the whole process: must 2.5 GB, hope 1.5 GB")
    with TemporaryDirectory() as name:
        source = Path(name, "a.jpg")
        tile = noise(2500, 2500)
        Image.fromarray(np.tile(tile, (4, 4, 1))).save(source, quality=92, subsampling=0)
        command = [PROGRAM, "upscale", str(source), "-o", str(Path(name, "o.jpg")), "--model", str(options.model)]
        command += ["--provider", options.provider]
        table.add_row("100 MP", f"{peak(command) / 1e9:.2f}")
    return table


def megapixels(size: tuple[int, int]) -> float:
    """Of the output."""
    return 4 * size[0] * size[1] / 1e6


PARTS: dict[str, Callable[[argparse.Namespace], Table]] = {
    part.__name__: part for part in (published, conversion, stages, process, flat, memory)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--model", default=catalogue.DEFAULT, help="name or file; default: the shipped")
    parser.add_argument("--provider", choices=ENGINES, default=CPU)
    parser.add_argument("--int8", type=Path, help="the same model in 8 bits")
    parser.add_argument("--published", type=Path, help=f"checkpoint; default: {PUBLISHED} of the assets")
    parser.add_argument("--rival", type=Path, nargs="*", default=[], help="ONNX files of the published Nano")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--turns", type=int, default=3, help="of whole processes")
    parser.add_argument("--side", type=lambda text: tuple(map(int, text.split("x"))), default=(4000, 3000))
    parser.add_argument("--megapixels", type=float, nargs="*", default=[0.25, 1, 4, 16, 100])
    options = parser.parse_args()
    if "published" in options.only and options.published is None:
        options.published = assets.find(PUBLISHED)
    heading.show()
    for part in options.only:
        Console(width=max(120, Console().width)).print(PARTS[part](options))


if __name__ == "__main__":
    main()
