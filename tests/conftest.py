"""Fixtures every room may use."""

import os
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("busy", deadline=None)  # other work on the machine is no fault of the code
hypothesis.settings.load_profile("busy")


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder with data, weights and test sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("PARAGONSR_ASSETS") or Path(__file__).parents[2] / "shared")
    if not (folder / "testsets").is_dir():
        pytest.skip(f"assets are not at {folder} (set PARAGONSR_ASSETS)")
    return folder
