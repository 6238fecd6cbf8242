"""Packages of ONNX Runtime; known without importing it, as two of them together may not be importable."""

from collections.abc import Sequence
from importlib.metadata import Distribution, distributions

BUILDS = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-directml",
    "onnxruntime-openvino",
    "onnxruntime-rocm",
    "onnxruntime-migraphx",
    "onnxruntime-qnn",
    "onnxruntime-training",
)
"""Packages that all write their files into one module, `onnxruntime`: of two the later one wins, or a mixture runs."""


def installed(path: Sequence[str] | None = None) -> dict[str, str]:
    """The builds that are here, with their versions; looked for in `path` (None: where Python looks)."""
    packages = distributions() if path is None else Distribution.discover(path=list(path))
    named = {_normal(one.metadata["Name"] or ""): one.version for one in packages}
    return {build: named[build] for build in BUILDS if build in named}


def clash(found: dict[str, str]) -> str | None:
    """What to do about several builds; None if there is at most one."""
    if len(found) < 2:
        return None
    wanted = next((build for build in found if build != "onnxruntime"), "onnxruntime")
    names = " and ".join(f"{build} {version}" for build, version in found.items())
    # all must go: what is removed takes files of the one that stays with it
    return (
        f"{names} are installed together and overwrite each other's files: "
        f"pip uninstall -y {' '.join(found)}, then pip install {wanted}"
    )


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
