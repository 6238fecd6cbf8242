"""What is installed to compute with, and whether it works."""

from collections.abc import Iterator
from typing import NamedTuple

from paragonsr.errors import ParagonError
from paragonsr.runtime import catalogue, proof
from paragonsr.runtime import provider as providers
from paragonsr.runtime.engine import CPU
from paragonsr.runtime.session import Session


class Finding(NamedTuple):
    """One provider: whether it computes the default model rightly, and what there is to say."""

    provider: str
    works: bool
    text: str


def findings() -> Iterator[Finding]:
    """Each provider that is installed, best first, held against the CPU with the default model."""
    path = catalogue.find(catalogue.DEFAULT)
    with Session(path, provider=CPU, threads=1) as reference:
        for name in providers.available():
            try:
                _, notes = ((), ()) if name == CPU else proof.prove(path, name, 1, reference.run)
            except ParagonError as error:
                yield Finding(name, False, str(error))
            else:
                yield Finding(name, True, "; ".join(notes))
