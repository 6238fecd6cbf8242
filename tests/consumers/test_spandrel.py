"""spandrel, the real one, loads our files; torchvision, which it imports for others' models, is made up here."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from paragonsr.model.generator import ARCHITECTURE
from paragonsr.runtime import catalogue
from paragonsr.runtime.session import Session

MODELS = [catalogue.find(name).with_suffix(".safetensors") for name in catalogue.MODELS]


@pytest.fixture(scope="module")
def plugin() -> Iterator[Any]:
    """`paragonsr.spandrel`, installed in the registry."""
    stubs = {
        "torchvision": {},
        "torchvision.transforms": {},
        "torchvision.transforms.functional": {"InterpolationMode": None, "rotate": None, "normalize": None},
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, content in stubs.items():
            module = ModuleType(name)
            vars(module).update(content)
            patch.setitem(sys.modules, name, module)
        pytest.importorskip("spandrel", reason="spandrel is not here: pip install --no-deps spandrel einops")
        import paragonsr.spandrel

        paragonsr.spandrel.install()
        yield paragonsr.spandrel


def test_it_is_registered_once(plugin: Any) -> None:
    from spandrel import MAIN_REGISTRY
    from spandrel.__helpers.registry import DuplicateArchitectureError

    assert ARCHITECTURE in {support.architecture.id for support in MAIN_REGISTRY}
    with pytest.raises(DuplicateArchitectureError):
        plugin.install()
    assert plugin.install(ignore_duplicates=True) == []


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_shipped_file_is_known_by_its_keys_and_computes_the_same(plugin: Any, path: Path) -> None:
    from spandrel import ImageModelDescriptor, ModelLoader

    model = ModelLoader().load_from_file(path)
    assert isinstance(model, ImageModelDescriptor)
    assert model.architecture.name == "ParagonSR Nano"
    assert (model.scale, model.input_channels, model.output_channels, model.purpose) == (2, 3, 3, "SR")
    x = np.random.default_rng(0).random((1, 3, 37, 50), dtype=np.float32)
    with Session(path.with_suffix(".onnx"), provider="cpu") as session:
        expected = session.run(x).clip(0, 1)  # spandrel clips
    with torch.no_grad():
        given = model(torch.from_numpy(x)).numpy()
    assert np.abs(given - expected).max() < 1e-5


def test_other_files_are_not_ours(plugin: Any) -> None:
    ours = load_file(MODELS[0])
    assert plugin.detect(ours)
    last = max(int(name.split(".")[1]) for name in ours if name.startswith("body."))
    gap = {name: tensor for name, tensor in ours.items() if not name.startswith("body.1.")}
    compact = {name: tensor for name, tensor in ours.items() if not name.startswith("tail")}
    for other in (
        gap,
        compact,
        ours | {f"body.{last + 1}.slope": torch.zeros(1)},
        {"tail.weight": ours["tail.weight"]},
    ):
        assert not plugin.detect(other)
    assert not plugin.detect(ours | {"tail.weight": torch.zeros(3, 16, 3, 3)}), "three phases are no square"
