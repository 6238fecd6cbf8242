from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paragonsr.errors import ProviderError
from paragonsr.runtime import provider, session
from paragonsr.runtime.engine import ENGINES
from paragonsr.runtime.probe import picture

Save = Callable[..., Path]
Make = Callable[..., Any]


def test_auto_ends_at_the_cpu() -> None:
    names = provider.candidates("auto")
    assert names[-1] == "cpu"
    assert "tensorrt" not in names
    assert set(names) <= set(provider.available())


def test_a_provider_that_is_not_here_is_refused(save: Save, nearest: Make) -> None:
    absent = next(name for name in ENGINES if name not in provider.available())
    with pytest.raises(ProviderError, match=rf"'{absent}' is not in this installation.*offers .*cpu"):
        session.Session(save(nearest()), provider=absent)


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(ProviderError, match="no provider 'abacus'; known are auto, cuda"):
        provider.candidates("abacus")


def test_what_runs_is_counted(save: Save, random: Make) -> None:
    share = provider.share(save(random((3, 3))), "cpu", picture(24, 32))
    assert share.own == share.total > 0


def test_a_provider_that_computes_wrongly_is_refused(save: Save, nearest: Make) -> None:
    path = save(nearest())

    def right(x: Any) -> Any:
        return x.repeat(2, 2).repeat(2, 3)

    with session.Session(path, threads=1) as opened:
        assert session.prove(path, "cpu", 1, opened.run)[1] == ()
        session.prove(path, "cpu", 1, lambda x: right(x) + np.float32(0.9e-3))
    for wrong in (1.1e-3, np.nan):
        with pytest.raises(ProviderError, match="computes it wrongly"):
            session.prove(path, "cpu", 1, lambda x, wrong=wrong: right(x) + np.float32(wrong))
