"""Execution providers: their short names, which of them are here, and which one really computes.

ONNX Runtime turns to the CPU without an error when a provider's libraries are missing, and gives single
operators to the CPU when a provider lacks them. So nothing here is believed before a profiled run has
shown it.
"""

# pyright: reportMissingTypeStubs=false
import json
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime

from paragonsr.errors import ModelError, ProviderError
from paragonsr.runtime import openvino
from paragonsr.runtime.engine import AUTO, CHOICES, CPU, ENGINES, OPENVINO
from paragonsr.runtime.probe import Run

ORT: Any = onnxruntime  # it carries no types

# Full precision, and no exhaustive search of algorithms for each new tile shape.
_OPTIONS = {"cuda": {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}}
_HEAVY = ("Conv", "MatMul", "Gemm")
_KINDS = {"float": "float32", "f32": "float32", "bf16": "bfloat16", "f16": "float16"} | dict.fromkeys(
    ("int8", "uint8", "i8", "u8"), "8 bits"
)


@dataclass(frozen=True)
class Share:
    """How many operators of a model a provider computes, of how many; the others run on the CPU."""

    own: int
    total: int


def available() -> tuple[str, ...]:
    """Short names of the providers that are installed, best first: those of ONNX Runtime, and OpenVINO."""
    offered = {*ORT.get_available_providers(), *([OPENVINO] if openvino.is_installed() else [])}
    return tuple(name for name, engine in ENGINES.items() if engine in offered)


def candidates(provider: str) -> tuple[str, ...]:
    """Providers to try, in order: the one asked for; for "auto" all up to the CPU that suit this processor.

    Raises ProviderError.
    """
    here = available()
    if provider == AUTO:
        return tuple(name for name in here[: here.index(CPU) + 1] if openvino.is_native(name))
    if provider not in ENGINES:
        raise ProviderError(f"there is no provider {provider!r}; known are {', '.join(CHOICES)}")
    if provider not in here and ENGINES[provider] == OPENVINO:
        raise ProviderError(f"provider {provider!r} is not installed: pip install 'paragonsr[openvino]'")
    if provider not in here:
        raise ProviderError(
            f"provider {provider!r} is not in this installation of ONNX Runtime, which offers "
            f"{', '.join(here)}; install the onnxruntime package made for it, or ask for 'auto'"
        )
    return (provider,)


def cores() -> int:
    """Number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def runner(path: Path, provider: str, threads: int, lanes: int = 1) -> Run:
    """What computes the model on one provider. Raises ModelError or ProviderError."""
    if ENGINES[provider] == OPENVINO:
        return openvino.Model(path, provider, threads, lanes)
    session = open_model(path, provider, threads)
    (given,) = session.get_inputs()
    return lambda x: session.run(None, {given.name: x})[0]


def open_model(path: Path, provider: str, threads: int, profile: Path | None = None) -> Any:
    """An ONNX Runtime session of the file on one provider. Raises ModelError or ProviderError.

    All optimisations (the blocked layouts come only with them), one operator after the other, and threads
    that sleep when there is nothing to do: spinning ones cost up to 1.8 x the time on a machine that does
    other work.
    """
    if not path.is_file():
        raise ModelError(f"{path}: there is no such model file")
    options = ORT.SessionOptions()
    options.graph_optimization_level = ORT.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = ORT.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = provider != "directml"  # which cannot have it
    options.log_severity_level = 4  # what goes wrong is raised
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if profile is not None:
        options.enable_profiling, options.profile_file_prefix = True, str(profile)
    names = dict.fromkeys((provider, CPU))  # operators that a provider lacks go to the CPU
    engines = [(ENGINES[name], _OPTIONS.get(name, {})) for name in names]
    try:
        return ORT.InferenceSession(str(path), options, providers=engines, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's errors have no common root
        if provider != CPU:
            raise ProviderError(f"{path}: provider {provider!r} cannot open it: {first_line(error)}") from error
        raise ModelError(f"{path}: is not an ONNX model that can be run: {first_line(error)}") from error


def share(path: Path, provider: str, image: np.ndarray[Any, Any]) -> Share:
    """Run the model once on `image` under the profiler and count which operators the provider computed."""
    engines = [operator["provider"] for operator in _profile(path, provider, image)]
    return Share(engines.count(ENGINES[provider]), len(engines))


def precision(path: Path, provider: str, image: np.ndarray[Any, Any]) -> str:
    """What the provider's convolutions and products are really computed in, whatever the file says: "float32", say.

    Seen in a profiled run on `image`; of OpenVINO, in the model as it was compiled. A provider that makes one operator
    of many does not tell.
    """
    if ENGINES[provider] == OPENVINO:
        kinds = openvino.Model(path, provider, 1).precisions
    else:
        own = [run for run in _profile(path, provider, image) if run["provider"] == ENGINES[provider]]
        heavy = [run for run in own if any(kind in run["op_name"] for kind in _HEAVY)]
        kinds = {kind for run in heavy for kind in run["input_type_shape"][0]}
    return ", ".join(sorted({_KINDS.get(kind, kind) for kind in kinds})) or "does not tell"


def _profile(path: Path, provider: str, image: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """What ONNX Runtime's profiler says of each operator that ran."""
    with TemporaryDirectory() as folder:
        session = open_model(path, provider, 1, Path(folder) / "profile")
        session.run(None, {session.get_inputs()[0].name: image})
        events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_bytes())
    return [event["args"] for event in events if "provider" in event.get("args", {})]


def first_line(error: Exception) -> str:
    """The first line of an error's text, without ONNX Runtime's own labels."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("[ONNXRuntimeError] : ").strip()
