"""The entry that OpenModelDB, the public catalogue of upscaling models, wants for a model: one JSON file."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from paragonsr.artifacts.card import Card, Training
from paragonsr.errors import ExportError

Text = Annotated[str, msgspec.Meta(min_length=1)]


class Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file: `type` is its ending, `size` in bytes, `urls` where it can be had."""

    platform: Literal["onnx", "pytorch"]
    type: Literal["onnx", "safetensors"]
    size: Annotated[int, msgspec.Meta(gt=0)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    urls: list[Text]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The keys that its schema requires, all of them, none left out."""

    name: Text
    author: Text
    license: Text
    tags: list[Text]
    description: Text
    date: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    architecture: Text
    size: list[Text]
    scale: Annotated[int, msgspec.Meta(ge=1)]
    input_channels: Annotated[int, msgspec.Meta(ge=1)]
    output_channels: Annotated[int, msgspec.Meta(ge=1)]
    resources: Annotated[list[Resource], msgspec.Meta(min_length=1)]
    images: list[dict[str, str]]


def entry(card: Card, models: Sequence[Path], *, author: str, url: str, date: str) -> Entry:
    """The entry of the files `models`, which will lie under `url` ("": nowhere yet) on `date` (YYYY-MM-DD)."""
    return Entry(
        name=card.name,
        author=author,
        license=card.licence,
        tags=["general-upscaler", "photo"],
        description=f"Enlarges photographs {card.scale} times. {card.parameters:,} numbers, receptive radius "
        f"{card.radius} pixels. {_origin(card.training)}.",
        date=date,
        architecture=card.architecture,
        size=[f"{card.parameters} parameters"],
        scale=card.scale,
        input_channels=card.channels,
        output_channels=card.channels,
        resources=[_resource(path, url) for path in models],
        images=[],
    )


def _origin(training: Training) -> str:
    return (
        f"Trained on {training.corpus} ({training.corpus_licence})" if training.losses else training.recipe.capitalize()
    )


def dumps(entry: Entry) -> bytes:
    """As indented JSON, read back once: ExportError if a key is missing or a value is not what the schema wants."""
    text = msgspec.json.format(msgspec.json.encode(entry), indent=2) + b"\n"
    check(text)
    return text


def check(text: bytes) -> Entry:
    """The entry in `text`. Raises ExportError with the place of the fault."""
    try:
        return msgspec.json.decode(text, type=Entry)
    except msgspec.DecodeError as error:
        raise ExportError(f"this is no entry for OpenModelDB: {error}") from error


def _resource(path: Path, url: str) -> Resource:
    data = path.read_bytes()
    kind = "onnx" if path.suffix == ".onnx" else "safetensors"
    urls = [re.sub("/*$", "/", url) + path.name] if url else []
    return Resource("onnx" if kind == "onnx" else "pytorch", kind, len(data), hashlib.sha256(data).hexdigest(), urls)
