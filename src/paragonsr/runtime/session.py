"""A model file, opened, proved and ready to run. The only place where pictures are float NCHW."""

import logging
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paragonsr.artifacts import card as cards
from paragonsr.errors import ModelError, ParagonError
from paragonsr.runtime import openvino, probe, proof
from paragonsr.runtime import provider as providers
from paragonsr.runtime.engine import AUTO, CPU
from paragonsr.runtime.probe import Floats, Run

_OUT_OF_MEMORY = (
    "failed to allocate",
    "bad_alloc",
    "bad allocation",
    "out of memory",
    "out_of_memory",
    "8007000e",
)

MOST_LANES = 8
"""Tiles are computed side by side in no more lanes, as each holds a tile's memory; further cores are shared out."""

_log = logging.getLogger("paragonsr")


class Session:
    """An upscaling model on one execution provider; `run` may be called from several threads at once.

    The file takes float32 RGB [N, 3, H, W] in [0, 1] with free height and width and gives [N, 3, sH, sW].
    Our own files say in their card how far they look; a file without a card is probed for it.

    Attributes: `path`; `name`, its file's; `card` (None for a foreign file); `scale`; `radius` in input pixels (None:
    the model looks at the whole picture); `provider`, the one that really computes; `notes`, what
    happened on the way to it; `threads`, the processor cores used; `lanes`, from how many threads `run` had best be
    called at once.

    With `abreast` a run of a model of ours takes one core of the `threads` (or as few as `MOST_LANES` lanes leave to
    each), so that several side by side, of a tile each, waste no time on waiting for each other. Foreign models may
    be large, and other providers have no cores: they have one lane.

    Raises ModelError for a file that is no such model, ProviderError when the provider asked for is not there, does not
    compute the model, or computes it wrongly. "auto" takes the first of `engine.ENGINES`, in their order, that computes
    the model rightly and is not much slower than the CPU, the CPU at the latest, and logs each that it drops.
    """

    def __init__(self, path: Path, *, provider: str = AUTO, threads: int | None = None, abreast: bool = False) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        self.path = path
        self.threads = threads or providers.cores()
        self.notes: tuple[str, ...] = ()
        tried = providers.candidates(provider)
        each = -(-self.threads // MOST_LANES) if abreast else self.threads
        reference = providers.open_model(path, CPU, each)
        if each < self.threads and cards.METADATA_KEY not in _metadata(reference):
            each = self.threads
            reference = providers.open_model(path, CPU, each)
        self.lanes = self.threads // each
        _check_contract(reference, str(path))
        given = reference.get_inputs()[0].name
        self._run: Run | None = lambda x: reference.run(None, {given: x})[0]
        self.provider = CPU
        self.scale = probe.scale(self.run, str(path))
        self._choose(tried, explicit=provider != AUTO)
        self.card = self._read_card(reference)
        self.name = path.stem
        self.radius = self.card.radius if self.card else probe.radius(self.run, self.scale)

    def run(self, x: Floats) -> Floats:
        """Enlarge float32 [N, 3, H, W] to float32 [N, 3, sH, sW].

        Raises MemoryError when there is too little memory for this size, ModelError when the model fails
        otherwise, ValueError after `close`.
        """
        run = self._run
        if run is None:
            raise ValueError("this session is closed")
        try:
            return run(x)
        except (MemoryError, ParagonError):
            raise
        except Exception as error:  # the engines' errors have no common root
            if any(phrase in str(error).lower() for phrase in _OUT_OF_MEMORY):
                raise MemoryError(f"{self.path}: no memory to run it on {list(x.shape)}") from error
            raise ModelError(f"{self.path}: fails on {list(x.shape)}: {providers.first_line(error)}") from error

    def close(self) -> None:
        """Give the model's memory back; runs under way in other threads still finish."""
        self._run = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _choose(self, names: tuple[str, ...], *, explicit: bool) -> None:
        """Move to the first of the providers that computes what the CPU computes, and unless asked for no slower."""
        for name in names:
            if name == CPU:
                return
            try:
                run, note = proof.prove(self.path, name, self.threads, self.run, lanes=self.lanes)
                if not explicit:
                    proof.race(self.path, name, run, self.run)
            except ParagonError as error:
                if explicit:
                    raise
                self.notes += (f"provider {name} is not used: {error}",)
                _log.warning(self.notes[-1])
            else:
                self._run, self.provider, self.notes = run, name, (*self.notes, *note)
                self.lanes = self.lanes if name in openvino.PRECISIONS else 1
                return

    def _read_card(self, reference: Any) -> cards.Card | None:
        """The card inside the file, held against what the file does."""
        text = _metadata(reference).get(cards.METADATA_KEY)
        if text is None:
            return None
        card = cards.loads(text, str(self.path))
        if card.scale != self.scale or card.radius < 0:
            raise ModelError(
                f"{self.path}: its card says scale {card.scale} and radius {card.radius}, but it enlarges "
                f"{self.scale} times; the file is damaged or was put together wrongly"
            )
        return card


def _metadata(session: Any) -> dict[str, str]:
    return session.get_modelmeta().custom_metadata_map


def _check_contract(session: Any, where: str) -> None:
    """ModelError unless the model takes one float32 NCHW picture of three channels and any size."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelError(f"{where}: has {len(inputs)} inputs and {len(outputs)} outputs; an upscaler has one of each")
    (given,), (made,) = inputs, outputs
    if given.type != "tensor(float)" or made.type != "tensor(float)" or len(given.shape) != 4:
        raise ModelError(
            f"{where}: takes {given.type} {given.shape} and gives {made.type}; wanted is float32 [N, 3, H, W] both ways"
        )
    batch, channels, height, width = given.shape
    if isinstance(channels, int) and channels != 3:
        raise ModelError(f"{where}: takes pictures of {channels} channels; wanted are three (RGB)")
    if isinstance(height, int) or isinstance(width, int) or (isinstance(batch, int) and batch != 1):
        raise ModelError(f"{where}: takes only {given.shape}; export it with free height and width")
