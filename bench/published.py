"""A published checkpoint of the author: our graph of it against a straight translation of its structure.

    python bench/published.py 2xParagonSR2_Nano_Pretrain.safetensors [--rounds N] [--size HxW]

The straight translation is one ONNX operator for each operation of the definition, as an exporter writes it. Both run
in turns in one process, so that a busy machine slows them alike; ratios are medians of the rounds' ratios. The largest
difference between them is printed first.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from onnx import helper
from rich.console import Console
from rich.table import Table

import heading
from paragonsr.errors import ParagonError
from paragonsr.export import checkpoint
from paragonsr.export.assembly import Assembly
from paragonsr.export.published import graph
from paragonsr.model.published import SCALE, SLOPE, Block, Layer, Published
from paragonsr.runtime import contest
from paragonsr.runtime.session import Session

THREADS = (1, 2)


class Straight(Assembly):
    """The definition, operation by operation."""

    def layer(self, name: str, x: str, layer: Layer) -> str:
        return self.convolve(name, x, layer.weight, layer.bias, groups=layer.groups, same=True)

    def scaled(self, name: str, x: str, scale: torch.Tensor) -> str:
        return self.add("Mul", name, [x, self.number(f"{name}.scale", scale.float())])

    def block(self, name: str, x: str, block: Block) -> str:
        layers = (block.square, block.across, block.down)
        special = [len(layer.weight) for layer in layers]
        sizes = self.number(f"{name}.sizes", np.array([len(block.context_scale) - sum(special), *special]))
        parts = [f"{name}.part{index}" for index in range(4)]
        self.nodes.append(helper.make_node("Split", [x, sizes], parts, axis=1))
        changed = [self.layer(f"{part}.conv", part, layer) for part, layer in zip(parts[1:], layers, strict=True)]
        context = self.add("Concat", f"{name}.context", [parts[0], *changed], axis=1)
        x = self.add("Add", f"{name}.first", [x, self.scaled(f"{name}.ls1", context, block.context_scale)])
        wide = self.layer(f"{name}.enter", x, block.enter)
        mixed = self.layer(f"{name}.kernel", wide, Layer(block.kernel))
        active = self.add("LeakyRelu", f"{name}.lrelu", [mixed], alpha=SLOPE)
        left = self.layer(f"{name}.leave", active, block.leave)
        return self.add("Add", f"{name}.second", [x, self.scaled(f"{name}.ls2", left, block.transformer_scale)])

    def network(self, net: Published) -> onnx.ModelProto:
        shallow = x = self.layer("conv_in", "input", net.conv_in)
        for number, group in enumerate(net.groups):
            start = x
            for index, block in enumerate(group):
                x = self.block(f"{number}.{index}", x, block)
            x = self.add("Add", f"{number}.residual", [x, start])
        x = self.add("Add", "features", [self.layer("conv_fuse", x, net.conv_fuse), shallow])
        for index, layer in enumerate(net.sharpen):
            x = self.layer(f"sharpen{index}", x, layer)
        scales = self.number("scales", np.array([1, 1, SCALE, SCALE], np.float32))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        x = self.add("Resize", "doubled", [x, "", scales], **how)
        for index, layer in enumerate((*net.smooth, net.upsampler)):
            x = self.layer(f"tail{index}", x, layer)
        self.layer("output", x, net.conv_out)
        return self.model({})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--rounds", type=int, default=9, help="measured rounds (default 9)")
    parser.add_argument("--size", default="320x480", help="height x width of the input (default 320x480)")
    options = parser.parse_args()
    adopted = checkpoint.adopt(options.checkpoint)
    if adopted is None:
        raise ParagonError(f"{options.checkpoint} is no published checkpoint")
    heading.show()
    height, width = map(int, options.size.split("x"))
    picture = np.random.default_rng(0).random((1, 3, height, width), dtype=np.float32)
    table = Table("threads", "graph", "CPU ms/MP", "wall ms/MP", "MP/s", "x straight, CPU", "x straight, wall")
    with TemporaryDirectory() as folder:
        models = {"straight": Straight().network(adopted.network), "ours": graph(adopted.network, {})}
        for name, model in models.items():
            onnx.save(model, Path(folder) / f"{name}.onnx")
        for threads in THREADS:
            sessions = {
                name: Session(Path(folder) / f"{name}.onnx", provider="cpu", threads=threads) for name in models
            }
            if threads == THREADS[0]:
                first, second = (session.run(picture) for session in sessions.values())
                print(f"largest difference {np.abs(first - second).max():.2g}\n")
            jobs = {name: lambda session=session: session.run(picture) for name, session in sessions.items()}
            add_rows(table, threads, contest.interleaved(jobs, options.rounds), SCALE**2 * height * width / 1e6)
    Console(width=max(100, Console().width)).print(table)


def add_rows(table: Table, threads: int, costs: dict[str, list[contest.Cost]], megapixels: float) -> None:
    for name, turns in costs.items():
        usual, faster = contest.typical(turns), contest.ratio(costs["straight"], turns)
        figures = (f"{1e3 * usual.cpu / megapixels:.0f}", f"{1e3 * usual.wall / megapixels:.0f}")
        speed = f"{megapixels / usual.wall:.2f}"
        table.add_row(str(threads), name, *figures, speed, f"{faster.cpu:.2f}", f"{faster.wall:.2f}")


if __name__ == "__main__":
    main()
