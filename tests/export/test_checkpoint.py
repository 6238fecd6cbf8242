from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from paragonsr.errors import ExportError
from paragonsr.export import checkpoint as checkpoints


def test_the_average_is_what_is_exported(checkpoint: Path) -> None:
    found = checkpoints.load(checkpoint)
    tensors = load_file(checkpoint)
    assert not found.nano.training
    for name, tensor in found.nano.state_dict().items():
        assert torch.equal(tensor, tensors[f"average.{name}"])
    assert not torch.equal(found.nano.tail, tensors["network.tail"])
    assert (found.training.steps, found.training.images_seen) == (12, 24)
    assert found.training.corpus == "2 tiles of 2 photographs"


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "empty", "text", "truncated", "foreign", "odd model", "odd training", "odd progress"]
)
def test_a_file_that_is_no_checkpoint_is_refused_by_name(checkpoint: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mine.safetensors"
    if kind == "folder":
        path.mkdir()
    elif kind == "foreign":
        save_file({"conv_in.weight": torch.zeros(3)}, path)
    elif kind.startswith("odd"):
        with safe_open(checkpoint, "pt") as opened:
            metadata = opened.metadata()
        change = {"model": '{"channels": 4}', "training": "{}", "progress": "[]"}[kind.split()[1]]
        save_file(load_file(checkpoint), path, metadata | {kind.split()[1]: change})
    elif kind != "missing":
        path.write_bytes({"empty": b"", "text": b"hello", "truncated": checkpoint.read_bytes()[:-9]}[kind])
    with pytest.raises(ExportError, match=r"mine\.safetensors"):
        checkpoints.load(path)
