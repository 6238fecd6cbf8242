"""What a showcase shows, gathered: pictures are looked at one by one, telling crops of them are kept."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts.provenance import commit
from paragonsr.errors import ModelError, ParagonError
from paragonsr.evaluate import origin, pairs
from paragonsr.evaluate.entrants import describe, enter, fault
from paragonsr.evaluate.pairs import SCALE, Candidate, Low, Pair
from paragonsr.evaluate.report import Fault
from paragonsr.evaluate.showcase.choice import Choice, choose
from paragonsr.evaluate.showcase.faces import Face, astronaut
from paragonsr.evaluate.showcase.figures import Judges
from paragonsr.evaluate.showcase.record import Crop, Showcase
from paragonsr.evaluate.showcase.windows import SIDE, Window, around, survey
from paragonsr.evaluate.yardstick import Enlarge, classical
from paragonsr.imaging.kernels import BICUBIC, LANCZOS3

TARGET, INPUT = "target", "input"
CLASSICAL: dict[str, Enlarge] = {"bicubic": classical(BICUBIC), "Lanczos": classical(LANCZOS3)}

_MARGIN = 4  # input pixels: one more than the wider of both kernels reaches

Pixels = NDArray[np.uint8]
Progress = Callable[[], object]
"""Called after each picture that was looked at and after each that crops were cut from."""


class Exhibit(NamedTuple):
    """A crop and its versions, uint8 [side, side, 3], by name; the input's is half as large."""

    crop: Crop
    versions: dict[str, Pixels]


class Gallery(NamedTuple):
    """A whole showcase."""

    record: Showcase
    exhibits: list[Exhibit]


def gather(
    models: Sequence[str | Path],
    images: Path,
    low: Low = "card",
    *,
    faces: Sequence[Face] = (),
    count: int = 24,
    provider: str = "auto",
    threads: int | None = None,
    progress: Progress = lambda: None,
) -> Gallery:
    """Choose at most `count` crops of the pictures in `images`, beside the faces, and enlarge and measure them.

    A picture or model that cannot be used becomes a fault with its reason, and the rest is shown. Raises ModelError
    when no model can be used, MissingInputError for a folder that is not there or holds no picture, ProviderError.
    """
    start, date = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    folder = pairs.candidates(images, low)
    people = [astronaut(), *faces]
    found = folder + [
        Candidate(len(folder) + index, face.path.name, face.path, ()) for index, face in enumerate(people)
    ]
    centres = {len(folder) + index: face.centre for index, face in enumerate(people)}
    lows: list[Low] = [*repeat(low, len(folder)), *repeat(_of_faces(low), len(people))]
    faults, judges = list[Fault](), Judges()
    with ExitStack() as stack:
        taken = (TARGET, INPUT, *CLASSICAL)
        known = enter(models, stack, faults, taken=taken, provider=provider, threads=threads, short=True)
        if not known:
            reasons = "; ".join(each.reason for each in faults) or "none is named"
            raise ModelError(f"there is no model to show: {reasons}")
        enlargers: dict[str, Enlarge] = {**known}
        looked = list(_survey(found, centres, lows, enlargers, faults, progress))
        choices = [
            Choice("face", max(windows, key=lambda window: window.difference))
            for index, windows in looked
            if index >= len(folder)
        ]
        rest = [window for index, windows in looked if index < len(folder) for window in windows]
        choices += choose(rest, max(count - len(choices), 0))
        exhibits = list(_exhibits(found, lows, enlargers, choices, judges, progress))
        described = tuple(describe(name, upscaler) for name, upscaler in known.items())
    record = Showcase(
        date=date,
        seconds=round(time.monotonic() - start, 1),
        commit=commit(),
        versions=origin.versions(),
        machine=origin.machine(),
        images=images.resolve().name,
        low=f"{low.resolve().name}/" if isinstance(low, Path) else low,
        scale=SCALE,
        models=described,
        shown=(*taken, *known),
        crops=tuple(exhibit.crop for exhibit in exhibits),
        unmeasured=judges.unmeasured,
        faults=tuple(faults),
    )
    return Gallery(record, exhibits)


def _of_faces(low: Low) -> Low:
    """Where their small pictures come from: none are in a folder, so the card's pattern makes them."""
    return "card" if isinstance(low, Path) else low


def _survey(
    found: Sequence[Candidate],
    centres: dict[int, tuple[int, int] | None],
    lows: Sequence[Low],
    models: dict[str, Enlarge],
    faults: list[Fault],
    progress: Progress,
) -> Iterator[tuple[int, list[Window]]]:
    """Of every picture that can be used its place and its windows, or the one around its centre; see `faults`."""
    rivals = models if len(models) > 1 else models | {"Lanczos": CLASSICAL["Lanczos"]}
    for candidate in found:
        try:
            pair = pairs.load(candidate, lows[candidate.index])
            larges = [enlarge(pair.low) for enlarge in rivals.values()]
            windows = survey(candidate.index, pair.high, larges)
            if centre := centres.get(candidate.index):
                windows = [around(candidate.index, pair.high, larges, centre)]
        except (ParagonError, MemoryError) as error:
            faults.append(fault(candidate.name, error))
        else:
            yield candidate.index, windows
        progress()


def _exhibits(
    found: Sequence[Candidate],
    lows: Sequence[Low],
    models: dict[str, Enlarge],
    choices: Iterable[Choice],
    judges: Judges,
    progress: Progress,
) -> Iterator[Exhibit]:
    """The crops in the order of `choices`; each picture is enlarged once and kept no longer than its crops are cut."""
    choices = list(choices)
    made = dict[Choice, Exhibit]()
    for index in dict.fromkeys(choice.window.picture for choice in choices):
        pair = pairs.load(found[index], lows[index])
        whole = {name: enlarge(pair.low) for name, enlarge in models.items()}
        for choice in choices:
            if choice.window.picture == index:
                made[choice] = _exhibit(found[index], choice, pair, whole, judges)
        progress()
    yield from (made[choice] for choice in choices)


def _exhibit(candidate: Candidate, choice: Choice, pair: Pair, whole: dict[str, Pixels], judges: Judges) -> Exhibit:
    window = choice.window
    cut = {name: _classical(pair.low, window, enlarge) for name, enlarge in CLASSICAL.items()}
    cut |= {name: _cut(picture, window, 1) for name, picture in whole.items()}
    target = _cut(pair.high, window, 1)
    assert candidate.high is not None, "a picture that is shown has a file"
    crop = Crop(
        kind=choice.kind,
        picture=origin.file(candidate.high),
        top=window.top,
        left=window.left,
        side=SIDE,
        difference=window.difference,
        figures=judges.figures(target, cut),
    )
    return Exhibit(crop, {TARGET: target, INPUT: _cut(pair.low, window, SCALE)} | cut)


def _classical(low: Pixels, window: Window, enlarge: Enlarge) -> Pixels:
    """What a kernel makes of the window: from its surroundings alone, which is all that a kernel looks at."""
    top, left, side = window.top // SCALE, window.left // SCALE, SIDE // SCALE
    above, before = min(top, _MARGIN), min(left, _MARGIN)
    part = low[top - above : top + side + _MARGIN, left - before : left + side + _MARGIN]
    return _cut(enlarge(part), window._replace(top=SCALE * above, left=SCALE * before), 1)


def _cut(picture: Pixels, window: Window, scale: int) -> Pixels:
    top, left, side = window.top // scale, window.left // scale, SIDE // scale
    return np.ascontiguousarray(picture[top : top + side, left : left + side])
