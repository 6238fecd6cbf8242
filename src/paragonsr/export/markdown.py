"""The card for people: one page of Markdown with what the JSON says."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from paragonsr.artifacts.card import Card

_KINDS = {
    ".safetensors": "the numbers alone",
    "_fp16_dynamic.onnx": "half precision inside, float32 in and out, any size",
    "_int8_dynamic.onnx": "the body in 8 bits, the exact base in float32, any size",
    ".onnx": "float32, any size",
}


def page(card: Card, models: Sequence[Path]) -> str:
    """The page, ending in a newline; `models` are the files it lists, with their sizes in bytes."""
    return "\n".join(_lines(card, models)) + "\n"


def _lines(card: Card, models: Sequence[Path]) -> Iterator[str]:
    yield f"# {card.name}"
    yield ""
    yield f"Enlarges photographs {card.scale} times. Version {card.version}, {card.licence}, {card.architecture}:"
    yield f"{card.parameters:,} numbers, each output pixel looks {card.radius} input pixels far."
    yield "RGB in [0,1], NCHW, goes in as `input` and comes out as `output`, not clipped."
    yield ""
    files = ((f"`{path.name}`", f"{path.stat().st_size:,}", _kind(card, path)) for path in models)
    yield from _table(("file", "bytes", "what it is"), files)
    if card.parity.get("fp16_passed") == 0:
        yield ""
        yield "There is no file in half precision: it did not pass its gate, see the figures below."
    for about, note in card.notes.items():
        yield ""
        yield f"{about}: {note}."
    training = card.training
    yield from _section("How it came to be")
    facts = {
        "recipe": training.recipe,
        "weights": ", ".join(f"{share:g} {name}" for name, share in training.blend.items()) or "of this training alone",
        "low resolution made by": training.degradation,
        "trained on": f"{training.corpus} ({training.corpus_licence})",
        "steps, images seen": f"{training.steps:,}, {training.images_seen:,}",
        "losses": ", ".join(f"{name} {weight:g}" for name, weight in training.losses.items()) or "none here",
        "program": training.commit,
        "checkpoint": f"`{card.checkpoint_sha256}`",
    }
    yield from _table(("what", "is"), facts.items())
    yield from _section("Proof that the files compute it")
    yield from _table(("figure", "value"), ((name, f"{value:g}") for name, value in card.parity.items()))
    if card.measured:
        yield from _section("Measured")
        yield from _table(("figure", "value"), ((name, f"{value:g}") for name, value in card.measured.items()))


def _kind(card: Card, path: Path) -> str:
    end = path.name.removeprefix(card.name)
    return _KINDS.get(end, f"float32, input of {end.removeprefix('_').removesuffix('.onnx')} alone")


def _section(title: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(row)} |"
