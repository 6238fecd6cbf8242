"""Who takes part in a comparison: opened, told apart by name; what cannot take part, with its reason."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from paragonsr.errors import ModelError
from paragonsr.evaluate import origin
from paragonsr.evaluate.command import Command
from paragonsr.evaluate.pairs import SCALE
from paragonsr.evaluate.report import Fault, Model
from paragonsr.runtime import catalogue
from paragonsr.runtime.upscaler import Upscaler

Entrant = Upscaler | Command
"""A model file in the real runtime, or another program."""


def enter(
    models: Sequence[str | Path],
    stack: ExitStack,
    faults: list[Fault],
    *,
    taken: Iterable[str],
    provider: str,
    threads: int | None,
    short: bool = False,
) -> dict[str, Entrant]:
    """The models that can take part, each by a name that is not `taken`, open until `stack` closes; see `faults`.

    A model is one that comes with the program, by its name, an ONNX file, or a command with `{in}` and `{out}`.
    `short`: models that come with the program go by the names of the catalogue, not by those of their files.
    """
    known = dict[str, Entrant]()
    for model in dict.fromkeys(models):
        try:
            entrant = stack.enter_context(_open(model, provider, threads))
            if entrant.scale != SCALE:
                raise ModelError(f"{model} enlarges {entrant.scale} times; compared are models of {SCALE}x")
        except ModelError as error:
            faults.append(fault(str(model), error))
        else:
            own = entrant.name if isinstance(entrant, Command) else entrant.session.name
            known[_free(str(model) if short and model in catalogue.MODELS else own, {*taken, *known})] = entrant
    return known


def describe(name: str, entrant: Entrant) -> Model:
    """What a report says of a model."""
    if isinstance(entrant, Command):
        program = origin.file(entrant.program)
        return Model(name=name, version=None, file=program, provider="command", notes=(entrant.line,))
    session = entrant.session
    return Model(
        name=name,
        version=session.card.version if session.card else None,
        file=origin.file(session.path),
        provider=session.provider,
        notes=session.notes,
    )


def fault(name: str, error: Exception) -> Fault:
    """What a report says of a picture or model that cannot take part."""
    return Fault(name=name, error=type(error).__name__, reason=str(error))


def _open(model: str | Path, provider: str, threads: int | None) -> Entrant:
    if Command.means(model):
        return Command(str(model))
    return Upscaler(model, provider=provider, threads=threads)


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number if another has it."""
    names = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 2)))
    return next(each for each in names if each not in taken)
