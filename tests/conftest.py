"""Fixtures every room may use."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

hypothesis.settings.register_profile("busy", deadline=None)  # other work on the machine is no fault of the code
hypothesis.settings.load_profile("busy")


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder with data, weights and test sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("PARAGONSR_ASSETS") or Path(__file__).parents[2] / "shared")
    if not (folder / "testsets").is_dir():
        pytest.skip(f"assets are not at {folder} (set PARAGONSR_ASSETS)")
    return folder


@pytest.fixture(scope="session")
def published_arrays() -> dict[str, NDArray[np.generic]]:
    """A made-up checkpoint with the names and the structure of the published ones, smaller: 2 + 1 blocks, 10 channels.

    Unlike theirs, its kernels of enlargement differ from channel to channel and from axis to axis.
    """
    rng = np.random.default_rng(5)
    shapes = {
        "conv_in": (10, 3, 3, 3),
        "conv_fuse": (10, 10, 3, 3),
        "upsampler": (10, 10, 3, 3),
        "conv_out": (3, 10, 3, 3),
    }
    arrays: dict[str, NDArray[np.generic]] = {}
    for group, count in enumerate((2, 1)):
        for index in range(count):
            block = f"body.{group}.blocks.{index}."
            inner = f"{block}transformer."
            shapes |= {
                f"{block}context.dwconv_hw": (2, 1, 3, 3),
                f"{block}context.dwconv_w": (1, 1, 1, 9),
                f"{block}context.dwconv_h": (3, 1, 9, 1),
                f"{inner}project_in": (14, 10, 1, 1),
                f"{inner}project_out": (10, 14, 1, 1),
                f"{inner}kernel_generator.predictor.1": (14, 14, 1, 1),
                f"{inner}kernel_generator.predictor.3": (126, 14, 1, 1),
            }
            arrays |= {f"{block}{name}.gamma": rng.normal(0, 0.5, 10) for name in ("ls1", "ls2")}
            arrays[f"{inner}tracked_kernel"] = rng.normal(0, 0.3, (14, 1, 3, 3))
            arrays[f"{inner}identity_kernel"] = np.zeros((14, 1, 3, 3))
            arrays[f"{inner}tracked_initialized"] = np.array(True)
    for name, shape in shapes.items():
        arrays[f"{name}.weight"] = rng.normal(0, 0.7 / np.sqrt(np.prod(shape[1:])), shape)
        arrays[f"{name}.bias"] = rng.normal(0, 0.2, shape[0])
    for part, taps in (("sharpen", 7), ("resample_conv", 5)):
        for axis, shape in (("conv_h", (10, 1, 1, taps)), ("conv_v", (10, 1, taps, 1))):
            arrays[f"magic_upsampler.{part}.{axis}.weight"] = rng.normal(0.2, 0.2, shape)
    return {name: array if array.dtype == bool else array.astype(np.float32) for name, array in arrays.items()}
