"""What an interrupt does."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from paragonsr import console


def walk(interrupts: int) -> Iterator[str]:
    """Through three files, of which the second brings interrupts; gives the names begun and ended."""
    for path in console.one_by_one([Path("a"), Path("b"), Path("c")]):
        yield f"{path} begun"
        for _ in range(interrupts if path.name == "b" else 0):
            signal.raise_signal(signal.SIGINT)
        yield f"{path} done"


@pytest.mark.parametrize(
    ("interrupts", "last"), [(1, "b done"), (2, "b begun")], ids=["one waits", "a second does not"]
)
def test_an_interrupt_waits_for_the_next_file_and_is_not_lost(interrupts: int, last: str) -> None:
    before, seen = signal.getsignal(signal.SIGINT), list[str]()
    with pytest.raises(KeyboardInterrupt):
        seen.extend(walk(interrupts))
    assert seen[-1] == last
    assert signal.getsignal(signal.SIGINT) is before
