"""The models that come with the program, by short name."""

from importlib.resources import files
from pathlib import Path

from paragonsr.errors import ModelError

MODELS = {
    "perceptual": "2xParagonSR2_Nano_Perceptual.onnx",
    "fidelity": "2xParagonSR2_Nano_Fidelity.onnx",
}
"""Short name -> file inside the package."""

DEFAULT = "perceptual"
"""The model that is taken when none is named."""


def find(model: str | Path) -> Path:
    """The file of a built-in model by its name, or any other model file by its path. Raises ModelError."""
    if isinstance(model, str) and model in MODELS:
        path = Path(str(files("paragonsr").joinpath("models", MODELS[model])))
        if not path.is_file():
            raise ModelError(f"the built-in model {model!r} is missing from this installation ({path}); reinstall it")
        return path
    path = Path(model)
    if not path.is_file():
        raise ModelError(f"{model}: is neither a model file nor the name of a built-in model ({', '.join(MODELS)})")
    return path
