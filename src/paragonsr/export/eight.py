"""Whether 8 bits may ship: by rule, with numbers, against float32 and against real targets.

Two ways are tried, the whole body and the body without its last layer; the first layer and the tail are float in both.
The first that holds ships; what is refused is told in the card.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from paragonsr.artifacts import assets
from paragonsr.degrade import validation
from paragonsr.degrade.folder import targets
from paragonsr.export import parity
from paragonsr.export.half import Verdict
from paragonsr.export.quantize import quantise
from paragonsr.imaging.codec import read
from paragonsr.imaging.metrics import psnr_y
from paragonsr.judges import lpips
from paragonsr.model.fuse import Fused
from paragonsr.runtime import contest
from paragonsr.runtime.conversion import to_pixels
from paragonsr.runtime.session import Session

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float32]

CALIBRATION = 32
"""Pictures that the ranges are taken from."""
PSNR, WORST = 54.0, 50.0
"""dB against float32, peak 1: the mean over the pictures, and the worst of them, or small shapes taken together."""
LOSS = 0.05
"""dB of PSNR-Y against the targets that may be lost, on average."""
LPIPS = 0.002
"""By how much LPIPS (AlexNet) against the targets may rise, on average."""
BANDING = 0.5
"""Of 255, from float32 on smooth gradients: below half a step, 8-bit output bands no more than it does by itself."""
RACE = (320, 480)
ROUNDS = 9
BORDER = 2


class Material(NamedTuple):
    """`calibration` pictures, and pairs (low, high) to judge by; float32 `[1,3,H,W]` in [0,1], and uint8 HWC."""

    calibration: Sequence[Planes]
    pairs: Sequence[tuple[Planes, Pixels]]
    judge: lpips.Lpips


class Attempt(NamedTuple):
    """One way to take 8 bits: what it is called, the graph, the verdict, and how many times as fast it is (CPU)."""

    name: str
    graph: onnx.ModelProto
    verdict: Verdict
    faster: float

    @property
    def note(self) -> str:
        """What the card says of it, the same each time: no seconds."""
        figures = self.verdict.figures
        return (
            f"{'refused, ' + '; '.join(self.verdict.faults) if self.verdict.faults else 'holds'} "
            f"({figures['int8_psnr']:.2f} dB from float32 on average, {figures['int8_psnr_worst']:.2f} at worst, "
            f"{figures['int8_loss']:.3f} dB lost, LPIPS {figures['int8_lpips_rise']:+.4f}, "
            f"{figures['int8_banding']:.2f}/255 on gradients)"
        )


def gather(train: str, val: str, walk: Callable[[Sequence[Path]], Iterable[Path]] = iter) -> Material:
    """The material from two folders of targets, halved by the card's pattern; `walk` goes through the files.

    Raises AssetError for what is missing.
    """
    judge = lpips.load("alex")
    found = targets(assets.find(train))
    chosen = [found[index * len(found) // CALIBRATION] for index in range(min(CALIBRATION, len(found)))]
    calibration = [_planes(validation.degrade(_even(read(path).pixels), i)) for i, path in enumerate(walk(chosen))]
    highs = [_even(read(path).pixels) for path in walk(targets(assets.find(val)))]
    return Material(calibration, [(_planes(validation.degrade(high, i)), high) for i, high in enumerate(highs)], judge)


def attempts(model: Path, fused: Fused, material: Material, tiles: Sequence[Pixels], draft: Path) -> Iterator[Attempt]:
    """Each way in turn, judged, up to the first that holds; `draft` is a file to write them to.

    `model` is the graph of `fused`; `tiles` are what `parity.crops` takes.
    """
    source, layers = onnx.load(model), len(fused.body)
    full = Session(model, provider="cpu", threads=1)
    wanted = [full.run(low) for low, _ in material.pairs]
    for name, stop in (("whole body", layers), ("body without its last layer", layers - 1)):
        if stop < 2:
            return
        graph = quantise(source, range(1, stop), material.calibration)
        onnx.save(graph, draft)
        made = Session(draft, provider="cpu", threads=1)
        figures = _figures(full, made, wanted, material) | {"int8_shapes_psnr": _over_shapes(fused, made, tiles)}
        race = contest.interleaved(_jobs(full, made), ROUNDS)
        faster = contest.ratio(race["float32"], race["int8"]).cpu
        attempt = Attempt(name, graph, Verdict(figures, [*_faults(figures), *_slow(faster)]), faster)
        yield attempt
        if not attempt.verdict.faults:
            return


@torch.no_grad()
def _figures(full: Session, made: Session, wanted: Sequence[Planes], material: Material) -> dict[str, float]:
    psnr, lost, rise = list[float](), list[float](), list[float]()
    for (low, high), float_ in zip(material.pairs, wanted, strict=True):
        eight = made.run(low)
        psnr.append(float(-10 * np.log10(np.square(float_ - eight, dtype=np.float64).mean())))
        before, after = _pixels(float_), _pixels(eight)
        lost.append(psnr_y(before, high, border=BORDER) - psnr_y(after, high, border=BORDER))
        target, *pictures = (torch.from_numpy(_planes(pixels)) for pixels in (high, before, after))
        distances = [float(material.judge(picture, target)) for picture in pictures]
        rise.append(distances[1] - distances[0])
    saturated = [float(np.abs(made.run(low) - unfused(made.path, low)).max()) * 255 for low, _ in material.pairs[:2]]
    bands = [float(np.abs(full.run(x) - made.run(x)).max()) * 255 for x in gradients()]
    found = {"psnr": np.mean(psnr), "psnr_worst": min(psnr), "loss": np.mean(lost), "lpips_rise": np.mean(rise)}
    found |= {"banding": max(bands), "engine_to_exact": max(saturated)}
    return {f"int8_{name}": float(value) for name, value in found.items()}


@torch.no_grad()
def _over_shapes(fused: Fused, made: Session, tiles: Sequence[Pixels]) -> float:
    """dB from the trained network, over all shapes of the proof of the other files taken together."""
    squares = [(fused(crop) - torch.from_numpy(made.run(crop.numpy()))).double() ** 2 for crop in parity.crops(tiles)]
    return float(-10 * torch.cat([square.flatten() for square in squares]).mean().log10())


def unfused(model: Path, low: Planes) -> Planes:
    """What the file computes with each operator by itself, so in float32 between the roundings.

    An engine that multiplies in 8 bits rounds at other places, and may saturate: AVX2 without VNNI adds two products in
    16 bits.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input": low})[0])


def _faults(figures: dict[str, float]) -> list[str]:
    """What does not hold; NaN holds nowhere."""
    psnr, worst, loss, rise, banding, _, shapes = figures.values()
    faults = [] if psnr >= PSNR else [f"{psnr:.2f} dB from float32, wanted are {PSNR:.0f}"]
    faults += [] if worst >= WORST else [f"{worst:.2f} dB on the worst picture, wanted are {WORST:.0f}"]
    faults += [] if shapes >= WORST else [f"{shapes:.2f} dB over all shapes, wanted are {WORST:.0f}"]
    faults += [] if loss <= LOSS else [f"{loss:.3f} dB lost against the targets, allowed are {LOSS}"]
    faults += [] if rise <= LPIPS else [f"LPIPS rises by {rise:.4f}, allowed are {LPIPS}"]
    faults += [] if banding <= BANDING else [f"{banding:.2f}/255 off on smooth gradients, allowed are {BANDING}"]
    return faults


def _slow(faster: float) -> list[str]:
    return [] if faster > 1 else ["not faster than float32 on the machine that exported it"]


def gradients() -> Iterator[Planes]:
    """Slow ramps `[1,3,256,256]`, on which bands show: dark, middling and whole, gray and tinted, across and down."""
    for low, high in ((0, 16 / 255), (0.4, 0.6), (0, 1)):
        ramp = np.linspace(low, high, 256, dtype=np.float32)
        for tint in ((1.0, 1.0, 1.0), (1.0, 0.8, 0.6)):
            across = np.broadcast_to(np.multiply.outer(np.array(tint, np.float32), ramp)[:, None], (3, 256, 256))
            yield np.ascontiguousarray(across[None])
            yield np.ascontiguousarray(across.transpose(0, 2, 1)[None])


def _jobs(full: Session, made: Session) -> dict[str, contest.Job]:
    noise = np.random.default_rng(0).random((1, 3, *RACE), dtype=np.float32)
    return {"float32": lambda: full.run(noise), "int8": lambda: made.run(noise)}


def _even(high: Pixels) -> Pixels:
    return high[: high.shape[0] // 2 * 2, : high.shape[1] // 2 * 2]


def _planes(pixels: Pixels) -> Planes:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def _pixels(planes: Planes) -> Pixels:
    pixels = np.empty((*planes.shape[2:], 3), np.uint8)
    to_pixels(planes[0], pixels)
    return pixels
