"""A model's card on disk: the page, and the crops it shows."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from paragonsr.artifacts import card as cards
from paragonsr.artifacts import output
from paragonsr.artifacts.card import Card
from paragonsr.errors import ModelError
from paragonsr.evaluate import report
from paragonsr.publish import weak
from paragonsr.publish.page import find, page, sheet_name
from paragonsr.recipe import Recipe
from paragonsr.runtime import catalogue
from paragonsr.runtime.upscaler import Upscaler

ENDINGS = (".onnx", "_fp16_dynamic.onnx", "_int8_dynamic.onnx", ".safetensors")


def known(model: str) -> tuple[Path, Card]:
    """A model's file, by name or path, and the card beside it. Raises ModelError without one."""
    path = catalogue.find(model)
    beside = path.with_suffix(".json")
    try:
        return path, cards.loads(beside.read_bytes(), str(beside))
    except OSError as error:
        raise ModelError(f"{path} has no card beside it: {beside}: {error.strerror}") from error


def write(
    model: str,
    reports: Sequence[Path],
    trained: Recipe | None,
    images: Path | None,
    out: Path,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write `<name>.md` and, with `images`, its crops into the folder `out`; the files.

    Raises ModelError for a model without a card, DataError for reports that do not measure it and a recipe that is
    another's, InputError for images of no use, and what `output` does.
    """
    path, card = known(model)
    measured = [find(report.load(file), path) for file in reports]
    files = [file for ending in ENDINGS if (file := path.with_name(path.stem + ending)).exists()]
    crops: list[weak.Crop] = []
    targets = [out / f"{card.name}.md", *([out / sheet_name(card)] if images else [])]
    for target in targets if out.exists() else ():
        output.check(target, overwrite=overwrite)
    if images:
        with Upscaler(path, provider="cpu") as upscale:
            crops = weak.crops(images, upscale)
    text = page(card, files, measured, trained, crops)
    out.mkdir(parents=True, exist_ok=True)
    if crops:
        png = io.BytesIO()
        Image.fromarray(weak.sheet(crops)).save(png, "PNG", optimize=True)
        output.write(targets[1], png.getvalue())
    output.write(targets[0], text.encode())
    return targets if crops else targets[:1]
