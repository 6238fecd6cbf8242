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

    with session.Session(path, threads=1, provider="cpu") as opened:
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


def test_auto_tries_bfloat16_only_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino, "is_installed", lambda: True)
    for capabilities, tried in {("FP32",): ("openvino",), ("FP32", "BF16"): ("openvino-bf16", "openvino")}.items():
        monkeypatch.setattr(openvino, "_capabilities", lambda capabilities=capabilities: capabilities)
        assert [name for name in provider.candidates("auto") if name.startswith("openvino")] == list(tried)


def test_a_coarse_provider_must_be_near_and_must_not_band() -> None:
    def right(x: Any) -> Any:
        return x.repeat(2, 2).repeat(2, 3)

    def bfloat16(x: Any) -> Any:  # the upper half of float32's bits, rounded
        bits = right(x).astype(np.float32).view(np.uint32)
        return ((bits + 0x8000) & 0xFFFF0000).view(np.float32)

    def grain(x: Any, sigma: float) -> Any:
        return right(x) + np.random.default_rng(0).normal(0, sigma, right(x).shape) * (x.shape[3] == 96)

    proof.check_coarse(Path("m"), "p", lambda x: right(x) + 0.2 / 255, right)
    proof.check_coarse(Path("m"), "p", lambda x: grain(x, 0.001), right)
    for wrong in (bfloat16, lambda x: right(x) + 0.3 / 255, lambda x: right(x) * np.nan):
        with pytest.raises(ProviderError, match="too coarsely"):
            proof.check_coarse(Path("m"), "p", wrong, right)
    with pytest.raises(ProviderError, match=r"57\.\d dB"):
        proof.check_coarse(Path("m"), "p", lambda x: grain(x, 0.0013), right)


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
