from pathlib import Path

import pytest

from paragonsr.runtime import builds


def install(folder: Path, **packages: str) -> list[str]:
    """What pip leaves of a package to be found by."""
    for name, version in packages.items():
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return [str(folder)]


def test_builds_are_found_by_their_metadata(tmp_path: Path) -> None:
    path = install(tmp_path, onnxruntime_gpu="1.20.1", numpy="2.0", onnxruntime_extensions="0.13", OnnxRuntime="1.19.0")
    assert builds.installed(path) == {"onnxruntime": "1.19.0", "onnxruntime-gpu": "1.20.1"}
    assert builds.installed([str(tmp_path / "none")]) == {}
    assert "onnxruntime" in builds.installed(), "which runs these tests"


@pytest.mark.parametrize(
    ("packages", "wanted"),
    [
        (("onnxruntime", "onnxruntime_gpu"), "onnxruntime-gpu"),
        (("onnxruntime", "onnxruntime_directml"), "onnxruntime-directml"),
        (("onnxruntime", "onnxruntime_openvino"), "onnxruntime-openvino"),
        (("onnxruntime", "onnxruntime_gpu", "onnxruntime_directml"), "onnxruntime-gpu"),
    ],
)
def test_two_builds_are_a_clash_and_what_to_do_is_said(tmp_path: Path, packages: tuple[str, ...], wanted: str) -> None:
    found = builds.installed(install(tmp_path, **dict.fromkeys(packages, "1.20")))
    text = builds.clash(found) or ""
    names = " ".join(package.replace("_", "-") for package in packages)
    assert f"pip uninstall -y {names}, then pip install {wanted}" in text
    assert text.endswith(wanted)


@pytest.mark.parametrize("packages", [(), ("onnxruntime",), ("onnxruntime_gpu",)])
def test_one_build_is_none(tmp_path: Path, packages: tuple[str, ...]) -> None:
    assert builds.clash(builds.installed(install(tmp_path, **dict.fromkeys(packages, "1.20")))) is None
