"""The model card: one page for people, in which every figure comes from a card, a recipe or a report."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from paragonsr.artifacts.card import Card
from paragonsr.degrade.config import Degradation
from paragonsr.errors import DataError
from paragonsr.evaluate.report import Comparison, Report, Summary
from paragonsr.evaluate.table import NAMES, number
from paragonsr.export.markdown import join, opening, origin, proof, section, table
from paragonsr.imaging.kernels import LANCZOS3
from paragonsr.publish import weak
from paragonsr.publish.weak import Crop
from paragonsr.recipe import Recipe
from paragonsr.train.config import Perceptual, Train

SHOWN = ("psnr_y", "ssim_y", "lpips_alex", "lpips_vgg", "dists", "niqe", "overshoot")
"""The figures of a card's tables; the largest colour shift and the checkerboard's ratio stand behind them."""

_USE = """\
```sh
paragonsr upscale photograph.jpg --model {file}
```

```python
from paragonsr import Upscaler

with Upscaler("{file}") as upscale:
    large = upscale(pixels)  # HW or HWC, uint8, uint16 or float32
```

ONNX Runtime alone:

```python
session = onnxruntime.InferenceSession("{file}")
(large,) = session.run(None, {{"input": planes}})  # float32 [N,3,H,W] in [0,1]; clip what comes out
```

spandrel, and programs built on it:

```python
import paragonsr.spandrel
from spandrel import ModelLoader

paragonsr.spandrel.install()
model = ModelLoader().load_from_file("{numbers}")
```

chaiNNer: *Load Model* of its ONNX nodes takes `{file}` and finds the scale by shape inference, which is tested;
chaiNNer itself was not run. What was run in which engine, and how near it came: `docs/consumers.md`."""

Measured = tuple[Report, str]
"""A report, and what the model is called in it."""


def page(
    card: Card, models: Sequence[Path], reports: Sequence[Measured], trained: Recipe | None, crops: Sequence[Crop]
) -> str:
    """The page of a model in the files `models`, ending in a newline.

    Beside it belongs `sheet_name(card)`, if there are `crops`. Raises DataError when `trained` is not what the model
    was trained by, as far as its card tells.
    """
    return join(
        opening(card, models),
        section("What it is for, and what not", _purpose(card)),
        section("Use it", _use(card, models)),
        origin(card),
        _training(card, trained) if trained else (),
        *(_figures(report, name) for report, name in reports),
        section("Where it is weak", _weak(card, reports, crops)),
        proof(card),
        section("Thanks", _thanks()),
    )


def find(report: Report, file: Path) -> Measured:
    """What a model's file is called in a report. Raises DataError when the report does not measure this very file."""
    named = [model for model in report.models if model.file.name == file.name]
    if not named:
        raise DataError(f"the report on {report.high} does not measure {file.name}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if same := [model.name for model in named if model.file.sha256 == digest]:
        return report, same[0]
    raise DataError(f"the report on {report.high} is of another {file.name} than {file}: measure again")


def sheet_name(card: Card) -> str:
    """The file of the crops."""
    return f"{card.name}_weak.png"


def _purpose(card: Card) -> Iterator[str]:
    yield from _prose(
        f"Clean photographs and pictures of good quality, enlarged {card.scale} times: JPEG of high quality, PNG,",
        "frames of films and textures of games that were made smaller, not damaged.",
    )
    yield ""
    if "adversarial" in card.training.losses:
        yield from _prose(
            "It was tuned to look right: fine texture is likely, not certain. Where a pixel must be the likeliest one",
            "(measurements, lettering that machines will read), take the fidelity model.",
        )
    else:
        yield "It was trained to be near the original, pixel by pixel: faithful, and softer than one tuned for looks."
    yield ""
    yield from _prose(
        "Not for: removing noise, blur or the blocks of strong JPEG compression, which it enlarges with the picture;",
        "faces of a few pixels, which it cannot invent; other factors than its own.",
    )


def _use(card: Card, models: Sequence[Path]) -> Iterator[str]:
    name = models[0].name
    yield from _prose(
        f"Where a picture is cut into tiles, give each {card.radius} more input pixels at every side than are kept",
        "of it: the whole is then the same as in one piece. The command line and `Upscaler` do that by themselves.",
    )
    yield from ("", _USE.format(file=name, numbers=f"{card.name}.safetensors"))


def _training(card: Card, trained: Recipe) -> Iterator[str]:
    """What the recipe knows beyond the card."""
    settings, weights, known = trained.train, _weights(trained.train), card.training.losses
    if (settings.name, weights) != (card.training.recipe, known):
        own, given = (", ".join(f"{name} {weight:g}" for name, weight in found.items()) for found in (known, weights))
        raise DataError(f"{card.name} was trained by {card.training.recipe} ({own}), not by {settings.name} ({given})")
    yield ""
    yield from _prose(
        f"The last training took {settings.steps:,} steps of {settings.batch.size} crops, {settings.batch.patch} input",
        f"pixels a side, at a learning rate of {settings.optimiser.rate:g}, and began with `{settings.start}`.",
        _low(trained.degradation),
    )
    if isinstance(settings.perceptual, Perceptual):
        seen, contrast = settings.perceptual.features, settings.perceptual.contrastive
        yield ""
        yield from _prose(
            f"Features are those of {_space(seen.space, 'convnext_tiny')}, stages {', '.join(map(str, seen.stages))};",
            f"the contrastive term compares in {_space(contrast.space, 'clip_vit_b32')};",
            "the only VGG is that of DISTS.",
        )


def _space(name: str, described: str) -> str:
    return name if name == described else f"{name} (in place of {described}, which the description of the system has)"


def _low(settings: Degradation) -> str:
    if settings.kind == "bicubic":
        return "Low resolution is a clean antialiased bicubic half."
    (least, most), (small, large) = settings.chain_steps, settings.chain_ratios
    return (
        f"Low resolution: in {settings.blur_probability:.0%} of the crops a Gaussian blur of up to "
        f"{settings.blur_sigma:g} target pixels, a kernel drawn from six, in {settings.chain_probability:.0%} first "
        f"a chain of {least} to {most} reductions to {small:g} to {large:g} of the side, rounded to 8 bits."
    )


def _weights(settings: Train) -> dict[str, float]:
    """What each term weighs, as a checkpoint says it."""
    found = {"l1": settings.losses.l1, "ms_ssim": settings.losses.ms_ssim}
    if isinstance(own := settings.perceptual, Perceptual):
        found |= {"consistency": own.consistency, "frequency": own.frequency, "overshoot": own.overshoot}
        found |= {"features": own.features.weight, "dists": own.dists, "contrastive": own.contrastive.weight}
        found["adversarial"] = own.adversarial.weight
    return {name: weight for name, weight in found.items() if weight > 0}


def _figures(report: Report, name: str) -> Iterator[str]:
    """Means of a report beside the classical kernels and the other models in it, and who is ahead, how surely."""
    models = [model.name for model in report.models]
    methods = [method for method in report.summary if method in {"bicubic", LANCZOS3.name, *models}]
    figures = [figure for figure in SHOWN if _value(report.summary[name], figure) is not None]
    head = ("", *(NAMES[figure] for figure in figures), "colour shift, largest", "checkerboard")
    rows = [_row(f"**{method}**" if method == name else method, report.summary[method], figures) for method in methods]
    yield from section(f"Measured: {report.high}, low resolution {report.low}", table(head, rows))
    yield ""
    yield from _prose(
        f"{len(report.items)} pictures of {_photographs(report)} photographs, {report.date[:10]}, {report.commit};",
        f"{report.machine.processor}, {report.machine.cores} cores. PSNR and SSIM: more is better; all that follow:",
        "less; the last is the energy at the phase frequencies over the targets' own.",
    )
    gaps = {NAMES[figure]: reason for figure, reason in report.unmeasured.items()}
    gaps |= {fault.name: fault.reason for fault in report.faults}
    for what, reason in gaps.items():
        yield ""
        yield f"{what} is not measured: {reason}."
    own = [found for found in report.comparisons if name in (found.better, found.other)]
    if own:
        yield ""
        yield from table(("figure", "ahead", "of", "by", "95 % between"), (_duel(found) for found in own))


def _photographs(report: Report) -> int:
    return len({item.photo or item.name for item in report.items})


def _row(label: str, summary: Summary, figures: Sequence[str]) -> list[str]:
    ratio = summary.checkerboard_ratio
    cells = [_cell(figure, _value(summary, figure)) for figure in figures]
    return [label, *cells, f"{summary.largest_colour_shift:.2f}", "" if ratio is None else f"{ratio:.2f}"]


def _duel(found: Comparison) -> tuple[str, ...]:
    by, least, most = (number(found.figure, value) for value in (found.by, found.least, found.most))
    sure = "" if found.least >= 0 else ", not sure"
    return NAMES[found.figure], found.better, found.other, by, f"{least} and {most}{sure}"


def _value(summary: Summary, figure: str) -> float | None:
    return getattr(summary.figures, figure)


def _cell(figure: str, value: float | None) -> str:
    return "" if value is None else number(figure, value)


def _weak(card: Card, reports: Sequence[Measured], crops: Sequence[Crop]) -> Iterator[str]:
    yield from _prose(
        f"It sees {2 * card.radius + 1} input pixels across and adds detail to brightness alone: colour is enlarged by",
        "Magic Kernel Sharp 2021. Patterns finer than the input can hold come back as something else, or as dashes.",
    )
    for report, name in reports:
        worst = [f"{picture} ({gain:+.2f} dB)" for picture, gain in weak.pictures(report, name)]
        yield ""
        yield f"Least gained over the best classical kernel, {report.high}: {', '.join(worst)}."
    if crops:
        yield ""
        yield f"![Crops that come back worst]({sheet_name(card)})"
        yield ""
        places = (f"{crop.picture} at row {crop.top}, column {crop.left} ({crop.difference:.1f})" for crop in crops)
        yield from _prose(
            "From left to right the photograph, Lanczos, this model, on the part of each picture that comes back",
            f"worst, with the mean difference of brightness in 1/255: {', '.join(places)}.",
        )


def _thanks() -> Iterator[str]:
    yield from _prose(
        'To Philip Hofmann, whose model card "2xParagonSR2_Nano_Perceptual" describes the system that this one',
        "follows, and to John Costella for the Magic Kernel. No code or weights of others are in it.",
    )


def _prose(*parts: str) -> list[str]:
    """A paragraph in lines of at most 118 characters."""
    return wrap(" ".join(parts), 118, break_long_words=False, break_on_hyphens=False)
