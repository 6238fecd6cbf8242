"""Which crops are shown: of each kind the windows where models differ most, spread over the pictures."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Literal, NamedTuple

from paragonsr.evaluate.showcase.windows import SIDE, Window

Kind = Literal["face", "lines", "texture", "gradient", "difference"]

_SHARES: dict[Kind, int] = {"gradient": 3, "lines": 5, "texture": 4, "difference": 4}
"""In this order kinds are filled, the rarer ones first; so many of 16 crops are of each."""

_OF_KIND: dict[Kind, float] = {"gradient": 0.03, "lines": 0.1, "texture": 0.1, "difference": 1.0}
"""The share of all windows that counts as being of a kind."""

_ROOM = 3  # but at least so many windows for each crop wanted


class Choice(NamedTuple):
    """A window and what it is shown for."""

    kind: Kind
    window: Window


def choose(windows: Sequence[Window], count: int) -> list[Choice]:
    """At most `count` windows, none overlapping another; fewer when there are not so many.

    Of a kind are the few windows of all that have most of it. Of these, the pictures that were shown least come first,
    and in a picture the window with the largest difference. What a kind cannot fill goes to "difference".
    """
    taken = list[Choice]()
    for kind, wanted in _quotas(count).items():
        wanted = count - len(taken) if kind == "difference" else wanted
        for _ in range(wanted):
            free = list(_free(_of_kind(windows, kind, wanted), taken))
            if not free:
                break
            uses = Counter(choice.window.picture for choice in taken)
            taken.append(Choice(kind, min(free, key=lambda window: (uses[window.picture], -window.difference))))
    return taken


def _quotas(count: int) -> dict[Kind, int]:
    """How many of each kind, together `count`, in the order of `_SHARES`."""
    total, left, quotas = sum(_SHARES.values()), count, dict[Kind, int]()
    for kind, share in _SHARES.items():
        quotas[kind] = left if kind == "difference" else min(left, round(count * share / total))
        left -= quotas[kind]
    return quotas


def _of_kind(windows: Sequence[Window], kind: Kind, wanted: int) -> Sequence[Window]:
    ranked = sorted(windows, key=_score(kind), reverse=True)
    return ranked[: max(ceil(_OF_KIND[kind] * len(windows)), _ROOM * wanted)]


def _score(kind: Kind) -> Callable[[Window], float]:
    return lambda window: getattr(window, kind)


def _free(windows: Sequence[Window], taken: Sequence[Choice]) -> Iterator[Window]:
    """The windows that overlap none of those taken."""
    for window in windows:
        if not any(
            choice.window.picture == window.picture
            and abs(choice.window.top - window.top) < SIDE
            and abs(choice.window.left - window.left) < SIDE
            for choice in taken
        ):
            yield window
