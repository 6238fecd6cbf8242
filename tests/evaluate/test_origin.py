"""Versions and machine beside every figure."""

import pytest

from paragonsr.evaluate import origin
from paragonsr.runtime import builds


def test_versions_name_the_build_of_onnx_runtime_that_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert builds.installed().items() <= origin.versions().items()
    monkeypatch.setattr(builds, "installed", lambda: {"onnxruntime-gpu": "1.2.3"})
    found = origin.versions()
    assert found["onnxruntime-gpu"] == "1.2.3"
    assert "onnxruntime" not in found
    assert {"python", "numpy", "Pillow"} <= found.keys()
