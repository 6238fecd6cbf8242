"""Models on OpenVINO itself (not ONNX Runtime's provider of that name), on the CPU, in a precision that is asked for.

Left to itself, OpenVINO computes in bfloat16 on processors that have it, without a word. Asked to here, it does so in a
model's body alone: the exact base, from the picture to its enlargement, stays in float32 (`docs/decisions/0013`).
"""

import importlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import numpy as np

from paragonsr.errors import ModelError, ProviderError
from paragonsr.runtime.probe import Floats

PRECISIONS = {"openvino": "f32", "openvino-bf16": "bf16"}
"""What each provider computes in."""

_SPOKEN = {"f32": "float32", "bf16": "bfloat16"}
_HEAVY = ("Convolution", "Deconvolution", "MatMul", "FullyConnected")
_BASE = "base."  # so begin the names of the base's operators in our files


def is_installed() -> bool:
    """Whether `pip install 'paragonsr[openvino]'` has been done; loads nothing."""
    return find_spec("openvino") is not None


def is_native(provider: str) -> bool:
    """Whether this processor computes in the provider's precision; asks OpenVINO about less than float32 only."""
    precision = PRECISIONS.get(provider, "f32")
    return precision == "f32" or precision.upper() in _capabilities()


@cache
def _capabilities() -> tuple[str, ...]:
    try:
        return tuple(importlib.import_module("openvino").Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    except (ImportError, RuntimeError):  # it does not work here, which is said when a model is opened with it
        return ()


class Model:
    """A model file compiled for `threads` processor cores; may be called from several threads at once.

    As many calls as there are `lanes` share the cores; more wait for each other.

    Raises ProviderError when OpenVINO cannot compile it, or not for this precision on this processor.
    """

    def __init__(self, path: Path, provider: str, threads: int, lanes: int = 1) -> None:
        precision = PRECISIONS[provider]
        options = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": lanes,
            "ENABLE_CPU_PINNING": False,  # another program may sit on the core
        }
        try:
            core = importlib.import_module("openvino").Core()
            model = core.read_model(str(path))
            if precision != "f32":
                model = base_kept(core, model)
            self._compiled: Any = core.compile_model(model, "CPU", options)
        except (ImportError, OSError, RuntimeError) as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ProviderError(f"{path}: provider {provider!r} cannot open it: {reason[-1]}") from error
        ran = self._compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        if ran != precision:
            raise ProviderError(
                f"{path}: provider {provider!r} would compute in {_SPOKEN.get(ran, ran)} on this processor, "
                f"not in {_SPOKEN[precision]}"
            )
        self._idle = SimpleQueue[Any]()  # requests, each with its memory

    @property
    def precisions(self) -> set[str]:
        """In OpenVINO's words, what the convolutions and products of the compiled model run in."""
        about = [operator.get_rt_info() for operator in self._compiled.get_runtime_model().get_ops()]
        return {str(one["runtimePrecision"].astype(str)) for one in about if one["layerType"].astype(str) in _HEAVY}

    def __call__(self, x: Floats) -> Floats:
        """Enlarge float32 [N, 3, H, W]."""
        if x.ndim != 4 or x.shape[1] != 3:  # OpenVINO would read beyond it
            raise ModelError(f"a model takes [N, 3, H, W], not {list(x.shape)}")
        try:
            request = self._idle.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()
        try:
            return request.infer([np.ascontiguousarray(x)], share_inputs=True)[0]  # a copy: the memory is used again
        finally:
            self._idle.put(request)


def base_kept(core: Any, model: Any) -> Any:
    """The model with its exact base, if it has one, marked as sensitive to precision.

    The mark is an attribute in OpenVINO's own files, which Python cannot set otherwise. OpenVINO rewrites pads of later
    versions as those of the first and loses the mark on the way, so they are of the first at once.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder, "model.xml")
        importlib.import_module("openvino").serialize(model, file)
        graph = ElementTree.parse(file)
        for layer in graph.iterfind("layers/layer"):
            if layer.get("name", "").startswith(_BASE) and layer.get("type") != "Const":
                if layer.get("type") == "Pad":
                    layer.set("version", "opset1")
                found = layer.find("rt_info")
                marks = ElementTree.SubElement(layer, "rt_info") if found is None else found
                ElementTree.SubElement(marks, "attribute", name="precise", version="0")
        return core.read_model(ElementTree.tostring(graph.getroot()), file.with_suffix(".bin").read_bytes())
