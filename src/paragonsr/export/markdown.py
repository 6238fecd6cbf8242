"""The card for people: one page of Markdown with what the JSON says."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
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
    measured = ((name, f"{value:g}") for name, value in card.measured.items())
    sections = (opening(card, models), origin(card), proof(card))
    return join(*sections, section("Measured", table(("figure", "value"), measured)) if card.measured else ())


def join(*parts: Iterable[str]) -> str:
    """Lines to a page."""
    return "\n".join(chain.from_iterable(parts)) + "\n"


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """The lines under a heading of the second level."""
    yield from ("", f"## {title}", "")
    yield from lines


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, every cell as it is given."""
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def opening(card: Card, models: Sequence[Path]) -> Iterator[str]:
    """What it is, and in which files."""
    yield f"# {card.name}"
    yield ""
    yield f"Enlarges photographs {card.scale} times. Version {card.version}, {card.licence}, {card.architecture}:"
    yield f"{card.parameters:,} numbers, each output pixel looks {card.radius} input pixels far."
    yield "RGB in [0,1], NCHW, goes in as `input` and comes out as `output`, not clipped."
    yield ""
    files = ((f"`{path.name}`", f"{path.stat().st_size:,}", _kind(card, path)) for path in models)
    yield from table(("file", "bytes", "what it is"), files)
    if card.parity.get("fp16_passed") == 0:
        yield ""
        yield "There is no file in half precision: it did not pass its gate, see the figures below."
    for about, note in card.notes.items():
        yield ""
        yield f"{about}: {note}."


def origin(card: Card) -> Iterator[str]:
    """How it came to be."""
    training = card.training
    if not training.losses:  # of another's training
        facts = {"recipe": f"{training.recipe}: see its author's card", "checkpoint": f"`{card.checkpoint_sha256}`"}
        return section("How it came to be", table(("what", "is"), facts.items()))
    facts = {
        "recipe": training.recipe,
        "weights": ", ".join(f"{share:g} {name}" for name, share in training.blend.items()) or "of this training alone",
        "low resolution made by": training.degradation,
        "trained on": f"{training.corpus} ({training.corpus_licence})",
        "steps, images seen": f"{training.steps:,}, {training.images_seen:,}",
        "losses": ", ".join(f"{name} {weight:g}" for name, weight in training.losses.items()),
        "program": training.commit,
        "checkpoint": f"`{card.checkpoint_sha256}`",
    }
    return section("How it came to be", table(("what", "is"), facts.items()))


def proof(card: Card) -> Iterator[str]:
    """Proof that the files compute it."""
    figures = ((name, f"{value:g}") for name, value in card.parity.items())
    return section("Proof that the files compute it", table(("figure", "value"), figures))


def _kind(card: Card, path: Path) -> str:
    end = path.name.removeprefix(card.name)
    return _KINDS.get(end, f"float32, input of {end.removeprefix('_').removesuffix('.onnx')} alone")
