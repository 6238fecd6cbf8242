"""What a tile must pass."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paragonsr.curate.config import Bounds, Curation
from paragonsr.curate.gates import first_failed, gates

COLUMNS = ("entropy", "contrast", "sharpness", "blockiness", "aliasing", "brisque", "technical", "aesthetic")
SCORES = st.lists(st.floats(-10, 4000), min_size=12, max_size=12).map(np.array)
CONFIG = Curation(technical="niqe", aesthetic="nima")


@given(
    st.fixed_dictionaries(dict.fromkeys(COLUMNS, SCORES)), st.sampled_from(Bounds.__struct_fields__), st.floats(0, 99)
)
def test_a_tighter_bound_never_lets_more_through(columns, name, amount):
    value = getattr(CONFIG.bounds, name)
    tighter = msgspec.structs.replace(CONFIG.bounds, **{name: value + (amount if name.startswith("min") else -amount)})
    loose, tight = gates(CONFIG), gates(msgspec.structs.replace(CONFIG, bounds=tighter))
    passed = first_failed(columns, loose, 12) == len(loose)
    still = first_failed(columns, tight, 12) == len(tight)
    assert np.all(passed | ~still)


@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, SCORES)))
def test_the_first_gate_that_fails_is_the_reason(columns):
    chosen = gates(CONFIG)
    for row, found in enumerate(first_failed(columns, chosen, 12)):
        values = [columns[gate.column][row] for gate in chosen]
        good = [v >= g.bound if g.sense > 0 else v <= g.bound for v, g in zip(values, chosen, strict=True)]
        assert found == (good.index(False) if False in good else len(chosen))


def test_a_score_on_the_bound_passes_and_no_score_never_does():
    for gate in gates(CONFIG):
        values = np.array([gate.bound, np.nan, gate.bound + gate.sense, gate.bound - gate.sense])
        assert gate.passes(values).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        ({"technical": "niqe", "aesthetic": "nima"}, {"brisque", "niqe", "nima"}),
        ({"technical": "arniqa", "aesthetic": "none"}, {"brisque", "arniqa"}),
        ({"technical": "none", "aesthetic": "none", "statistics": "none"}, set()),
    ],
)
def test_only_judges_that_are_named_judge(settings, reasons):
    fast = {"entropy", "contrast", "soft", "harsh", "blocky", "aliased"}
    assert {gate.reason for gate in gates(Curation(**settings))} == fast | reasons
