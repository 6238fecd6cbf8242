"""From a checkpoint to a folder that can be published as it is."""

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from safetensors.torch import save as serialise

from paragonsr.artifacts import card as cards
from paragonsr.artifacts import output
from paragonsr.artifacts.card import Card
from paragonsr.errors import AssetError, ExportError, OutputError
from paragonsr.export import checkpoint, eight, half, markdown, openmodeldb, parity, subject
from paragonsr.export.assembly import fix_size
from paragonsr.export.eight import Material
from paragonsr.export.onnx import graph
from paragonsr.export.subject import Subject
from paragonsr.model.fuse import Fused
from paragonsr.model.generator import SCALE

SUFFIXES = (".onnx", ".safetensors", ".json", ".md", ".openmodeldb.json", ".sha256")
HALF = "_fp16_dynamic.onnx"
EIGHT = "_int8_dynamic.onnx"
TIMING = ".timing.json"
_OPTIONAL = re.compile(rf"{re.escape(HALF)}|{re.escape(EIGHT)}|{re.escape(TIMING)}|_\d+x\d+\.onnx")
_AWKWARD = re.compile(r"[\x00-\x1f|:*?\"<>`\\]")  # in a file name somewhere, or in a table of the card
_log = logging.getLogger("paragonsr")


class Publication(NamedTuple):
    """What the entry for OpenModelDB says and no checkpoint knows, and where the export was timed."""

    author: str = "unknown"
    url: str = ""  # of the folder where the files will lie
    day: date | None = None  # None: the day on which the checkpoint was written
    machine: str = "unknown"


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many times as fast as float32 each way to take 8 bits was: CPU time in turns, one thread, 320x480."""

    machine: str
    onnxruntime: str
    int8_faster: dict[str, float]
    schema_version: int = 1


def export(
    source: Path,
    out: Path,
    *,
    name: str,
    version: str,
    tiles: Sequence[NDArray[np.uint8]],
    measured: Mapping[str, float] | None = None,
    sizes: Sequence[tuple[int, int]] = (),
    material: Callable[[], Material] | None = None,
    publication: Publication = Publication(),  # noqa: B008 (immutable)
    overwrite: bool = False,
) -> list[Path]:
    """Write the files of `name` for the checkpoint `source` into the folder `out`; their paths.

    `name`.onnx and .safetensors; the card as .json and .md; .openmodeldb.json; `name`_fp16_dynamic.onnx, unless half
    precision fails its gate, which is logged and told in the card; for each (height, width) of `sizes` a graph of that
    input size alone, `name`_HxW.onnx; and .sha256 of them all. `name`_int8_dynamic.onnx is written if it holds on
    what `material` gathers; the card tells why not, or that it was not tried: not asked for, or AssetError.
    How fast it was is in .timing.json, which differs from one export to the next and has no checksum; all else is the
    same to the byte where the same engine computes on the same kind of processor.

    Nothing gets its name before everything is proved on `tiles` (uint8 HWC, at least 256 x 256). `measured` are an
    evaluation's figures for the card. What an earlier export of that name left there and this one does not make goes.
    Raises ExportError when parity fails, the name hides the scale, or the checkpoint cannot be read, OutputExistsError
    for files that are there already, unless `overwrite`, and OutputError for what cannot be written or must not be, as
    the checkpoint itself.
    """
    if _AWKWARD.search(name):
        raise ExportError(f'{name!r} must be a plain name: no line breaks and none of |:*?"<>`\\')
    if not re.search(rf"(?<![\d.]){SCALE}x", name) or Path(name).name != name:
        raise ExportError(
            f"{name!r} must be a plain name and contain {SCALE}x: other tools read the scale from the file name"
        )
    suffixes = (*SUFFIXES, HALF, EIGHT, TIMING, *(_fixed(size) for size in sizes))
    paths = [out / f"{name}{end}" for end in suffixes]
    with output.reasons(out):
        old = _optional(out, name)
        for path in dict.fromkeys((*paths, *old)):
            if path.is_file() and source.is_file() and path.samefile(source):
                raise OutputError(f"{path} is the checkpoint itself; name another folder or another name")
            output.check_free(path, overwrite=overwrite)
    model = subject.adopted(source, name, version) or subject.trained(source, name, version)
    model = model._replace(card=msgspec.structs.replace(model.card, measured=dict(measured or {})))
    day = publication.day or datetime.fromtimestamp(source.stat().st_mtime, UTC).date()
    found = _gather(material, name) if model.fused is not None else None
    with output.reasons(out):
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{name}.", dir=out) as folder:
            draft = Path(folder)
            graphs, card = _prove(model, draft, tiles, sizes)
            if model.fused is not None:
                card = _try_eight(model.fused, tiles, draft, found, graphs, card, publication.machine)
            _write(model, graphs, card, draft, publication._replace(day=day))
            made = [path for path in paths if (draft / path.name).exists()]
            for path in made:
                (draft / path.name).replace(path)
        for path in set(old) - set(made):
            path.unlink()
    return made


def _optional(out: Path, name: str) -> list[Path]:
    """What exports of that name left in the folder which not every export makes."""
    here = sorted(out.iterdir()) if out.is_dir() else []
    mine = [path for path in here if path.name.startswith(name) and _OPTIONAL.fullmatch(path.name, len(name))]
    return [path for path in mine if not path.with_suffix(".sha256").exists()]  # else it is a model of its own


def _gather(material: Callable[[], Material] | None, name: str) -> Material | None:
    """What 8 bits are tried with; None if there is nothing, which is logged."""
    try:
        return material() if material else None
    except AssetError as error:
        _log.warning("%s: no file in 8 bits is tried: %s", name, error)
        return None


def default_name(source: Path) -> str:
    """`2x` and the recipe of a training; a published checkpoint keeps its own. Raises ExportError for other files."""
    if checkpoint.adopt(source):
        return source.stem
    words = re.split(r"\W|_", checkpoint.load(source).training.recipe)
    return f"{SCALE}x{''.join(word.capitalize() for word in words)}"


def _fixed(size: tuple[int, int]) -> str:
    return f"_{size[0]}x{size[1]}.onnx"


def _prove(
    model: Subject, draft: Path, tiles: Sequence[NDArray[np.uint8]], sizes: Sequence[tuple[int, int]]
) -> tuple[dict[str, onnx.ModelProto], Card]:
    """The graphs that hold, by the suffix of their file, and the card with the figures that prove it."""
    name = model.card.name
    graphs = {SUFFIXES[0]: model.graph({cards.METADATA_KEY: cards.dumps(model.card).decode()})}
    path = draft / f"{name}{SUFFIXES[0]}"
    onnx.save(graphs[SUFFIXES[0]], path)
    figures = model.prove(path, tiles)
    if model.fused is not None:
        metadata = {cards.METADATA_KEY: cards.dumps(model.card).decode()}
        graphs[HALF] = graph(half.halve(model.fused), metadata)
        onnx.save(graphs[HALF], draft / f"{name}{HALF}")
        verdict = half.measure(model.fused, draft / f"{name}{HALF}", tiles)
        figures |= verdict.figures | {"fp16_passed": float(not verdict.faults)}
        if verdict.faults:
            _log.warning("%s: no file in half precision: %s", name, "; ".join(verdict.faults))
            (draft / f"{name}{HALF}").unlink()
            del graphs[HALF]
    for size in sizes:
        graphs[_fixed(size)] = fix_size(graphs[SUFFIXES[0]], *size, scale=SCALE)
        onnx.save(graphs[_fixed(size)], draft / f"{name}{_fixed(size)}")
        figures |= parity.measure_fixed(path, draft / f"{name}{_fixed(size)}", size, tiles)
    return graphs, msgspec.structs.replace(model.card, parity=figures)


def _try_eight(
    fused: Fused,
    tiles: Sequence[NDArray[np.uint8]],
    draft: Path,
    material: Material | None,
    graphs: dict[str, onnx.ModelProto],
    card: Card,
    machine: str,
) -> Card:
    """Add the graph in 8 bits to `graphs` if one holds; the card with the verdict."""
    if material is None:
        return msgspec.structs.replace(card, notes={"int8": "not tried, there was nothing to calibrate or judge it by"})
    path = draft / f"{card.name}{EIGHT}"
    tried = list(eight.attempts(draft / f"{card.name}{SUFFIXES[0]}", fused, material, tiles, path))
    path.unlink(missing_ok=True)
    notes = {f"int8, {attempt.name}": attempt.note for attempt in tried}
    if not tried:
        return msgspec.structs.replace(card, notes={"int8": "not tried, the body is too short"})
    last = tried[-1]
    if last.verdict.faults:
        _log.warning("%s: no file in 8 bits: %s", card.name, "; ".join(last.verdict.faults))
    else:
        graphs[EIGHT] = last.graph
    times = Timing(machine, onnxruntime.__version__, {attempt.name: attempt.faster for attempt in tried})
    (draft / f"{card.name}{TIMING}").write_bytes(msgspec.json.format(msgspec.json.encode(times), indent=2) + b"\n")
    figures = last.verdict.figures | {"int8_passed": float(not last.verdict.faults)}
    return msgspec.structs.replace(card, parity=card.parity | figures, notes=notes)


def _write(
    model: Subject, graphs: Mapping[str, onnx.ModelProto], card: Card, draft: Path, publication: Publication
) -> None:
    """All files into the folder `draft`, with the final card in each."""
    metadata = {cards.METADATA_KEY: cards.dumps(card).decode()}
    paths = {end: draft / f"{card.name}{end}" for end in (*SUFFIXES, *graphs)}
    for end, proto in graphs.items():
        onnx.helper.set_model_props(proto, metadata)
        onnx.save(proto, paths[end])
    paths[".safetensors"].write_bytes(serialise(model.weights, metadata))
    paths[".json"].write_bytes(cards.dumps(card))
    models = [paths[".safetensors"], *(paths[end] for end in graphs)]
    paths[".md"].write_text(markdown.page(card, models), encoding="utf-8", newline="\n")
    assert publication.day is not None
    entry = openmodeldb.entry(
        card, models, author=publication.author, url=publication.url, date=publication.day.isoformat()
    )
    paths[".openmodeldb.json"].write_bytes(openmodeldb.dumps(entry))
    named = sorted(path for path in paths.values() if path.exists())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in named]
    paths[".sha256"].write_text("".join(sums), encoding="utf-8", newline="\n")
