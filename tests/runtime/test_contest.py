import threading
import time

import pytest

from paragonsr.runtime.contest import WARM_UP, Cost, cost, interleaved, ratio, typical


def spin(seconds: float) -> None:
    """Computes for that much processor time of this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_sleep_costs_no_processor_and_every_thread_counts() -> None:
    asleep = cost(lambda: time.sleep(0.05))
    assert asleep.wall >= 0.05
    assert asleep.cpu < 0.03

    def two() -> None:
        threads = [threading.Thread(target=spin, args=(0.03,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert cost(two).cpu >= 0.06


def test_all_take_turns_and_the_warm_up_does_not_count() -> None:
    order, advanced = list[str](), list[int]()
    costs = interleaved(
        {name: lambda name=name: order.append(name) for name in ("a", "b")}, rounds=3, advance=advanced.append
    )
    assert order == ["a", "b"] * (WARM_UP + 3)
    assert advanced == [1] * (WARM_UP + 3)
    assert {name: len(turns) for name, turns in costs.items()} == {"a": 3, "b": 3}


def test_a_slow_minute_leaves_the_ratio_alone() -> None:
    one, two = [Cost(2, 4), Cost(20, 40), Cost(3, 6)], [Cost(1, 1), Cost(10, 10), Cost(1, 1)]
    assert ratio(one, two) == (2, 4)
    assert typical(one) == (3, 6)
    with pytest.raises(ValueError, match="shorter"):
        ratio(one, two[:2])
