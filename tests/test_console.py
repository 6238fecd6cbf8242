"""What an interrupt does."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from paragonsr import console


def walk(place: str, interrupts: int) -> Iterator[str]:
    """Through three files, one of which brings interrupts; gives the names begun and ended."""
    for path in console.one_by_one([Path("a"), Path("b"), Path("c")]):
        yield f"{path} begun"
        for _ in range(interrupts if path.name == place else 0):
            signal.raise_signal(signal.SIGINT)
        yield f"{path} done"


@pytest.mark.parametrize("place", ["a", "b", "c"])
@pytest.mark.parametrize(("interrupts", "word"), [(1, "done"), (2, "begun")], ids=["waits", "a second does not"])
def test_an_interrupt_waits_for_the_end_of_a_file_and_is_not_lost(place: str, interrupts: int, word: str) -> None:
    before, seen = signal.getsignal(signal.SIGINT), list[str]()
    with pytest.raises(KeyboardInterrupt):
        seen.extend(walk(place, interrupts))
    assert seen[-1] == f"{place} {word}"
    assert signal.getsignal(signal.SIGINT) is before
