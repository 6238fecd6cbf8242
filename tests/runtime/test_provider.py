from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paragonsr.errors import ProviderError
from paragonsr.runtime import openvino, proof, provider, session
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
    absent = next(name for name in ENGINES if name not in provider.available() and name not in openvino.PRECISIONS)
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
        assert proof.prove(path, "cpu", 1, opened.run)[1] == ()
        proof.prove(path, "cpu", 1, lambda x: right(x) + np.float32(0.9e-3))
    for wrong in (1.1e-3, np.nan):
        with pytest.raises(ProviderError, match="computes it wrongly"):
            proof.prove(path, "cpu", 1, lambda x, wrong=wrong: right(x) + np.float32(wrong))


def test_openvino_that_is_not_installed_says_how(monkeypatch: pytest.MonkeyPatch, save: Save, nearest: Make) -> None:
    monkeypatch.setattr(openvino, "is_installed", lambda: False)
    assert "openvino" not in provider.candidates("auto")
    with pytest.raises(ProviderError, match=r"not installed: pip install 'paragonsr\[openvino\]'"):
        session.Session(save(nearest()), provider="openvino")


def test_a_coarse_provider_must_be_near_and_must_not_band() -> None:
    def right(x: Any) -> Any:
        return x.repeat(2, 2).repeat(2, 3)

    def coarse(x: Any) -> Any:  # bfloat16: the upper half of float32's bits, rounded
        bits = right(x).astype(np.float32).view(np.uint32)
        return ((bits + 0x8000) & 0xFFFF0000).view(np.float32)

    assert 0.4 < np.abs(coarse(picture(96, 96)) - right(picture(96, 96))).max() * 255 <= 0.5, "half a step near white"
    proof.check_coarse(Path("m"), "p", coarse, right)
    grain = np.random.default_rng(0).normal(0, 0.004, (1, 3, 192, 192)).astype(np.float32)
    for wrong in (lambda x: right(x) + 1.1 / 255, lambda x: right(x) * np.nan):
        with pytest.raises(ProviderError, match="too coarsely"):
            proof.check_coarse(Path("m"), "p", wrong, right)
    with pytest.raises(ProviderError, match=r"4[78]\.\d dB"):
        proof.check_coarse(Path("m"), "p", lambda x: right(x) + (grain if x.shape[3] == 96 else 0), right)


def test_only_a_slow_provider_loses_the_race() -> None:
    def computes(times: int) -> Any:
        matrix = np.eye(300)
        return lambda x: [matrix @ matrix for _ in range(times)] and x

    proof.race(Path("m"), "p", computes(10), computes(5))
    with pytest.raises(ProviderError, match=r"takes \d+\.\d times as long as the CPU"):
        proof.race(Path("m"), "p", computes(60), computes(5))


def test_auto_drops_what_is_slow_and_says_so(
    save: Save, nearest: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def slow(path: Path, name: str, *_: Any) -> None:
        raise ProviderError(f"{path}: provider {name!r} takes 9.0 times as long as the CPU")

    monkeypatch.setattr(provider, "candidates", lambda _: ("openvino", "cpu"))
    monkeypatch.setattr(provider, "runner", lambda *_: lambda x: x.repeat(2, 2).repeat(2, 3))
    monkeypatch.setattr(proof, "race", slow)
    with session.Session(save(nearest()), threads=1) as opened:
        assert opened.provider == "cpu"
        assert "provider openvino is not used: " in opened.notes[0]
        assert "9.0 times as long" in caplog.text
