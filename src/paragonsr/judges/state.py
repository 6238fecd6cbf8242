"""Other people's weights, from their files into our networks, refused by name when they do not fit."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from paragonsr.errors import ModelError

_NAMED = 4  # of the keys that do not fit, how many a message names


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file, of a PyTorch state dict, or of a TorchScript module; no foreign code is run.

    Raises ModelError for any other file.
    """
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file of weights")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, that TorchScript has had its day
            if _is_script(path):
                return dict(torch.jit.load(path, map_location="cpu").state_dict())
            found = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, OSError, EOFError) as error:
        raise ModelError(f"{path}: cannot be read as weights: {str(error).splitlines()[0]}") from error
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ModelError(f"{path}: holds no table of tensors")
    return dict(found)


def fill(net: nn.Module, tensors: Mapping[str, Tensor], source: Path) -> None:
    """Give `net` its weights. Raises ModelError naming what is missing, unexpected or of another shape."""
    wanted = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    found = {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    faults = {
        "missing": sorted(wanted.keys() - found.keys()),
        "unexpected": sorted(found.keys() - wanted.keys()),
        "of another shape": [
            f"{key} ({tuple(found[key].shape)} for {tuple(wanted[key].shape)})"
            for key in sorted(wanted.keys() & found.keys())
            if found[key].shape != wanted[key].shape
        ],
    }
    if told := [f"{kind}: {_list(keys)}" for kind, keys in faults.items() if keys]:
        raise ModelError(f"{source}: is not the weights of {type(net).__name__}; {'; '.join(told)}")
    net.load_state_dict({key: value.float() for key, value in found.items()}, strict=False)


def _list(keys: list[str]) -> str:
    more = len(keys) - _NAMED
    return ", ".join(keys[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _is_script(path: Path) -> bool:
    """Whether a PyTorch archive holds a TorchScript module: those carry their code."""
    import zipfile

    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())
