"""What docs/ publishes of the shipped models is what the reports, recipes and models there make."""

import runpy
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]


def test_writing_the_cards_and_the_leaderboard_again_changes_nothing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs/leaderboard.md", tmp_path)
    runpy.run_path(str(ROOT / "bench/cards.py"))["write"](tmp_path)
    pages = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.md"))
    assert len(pages) == 3
    for page in pages:
        assert (tmp_path / page).read_text() == (ROOT / "docs" / page).read_text(), page
    for sheet in (tmp_path / "cards").glob("*.png"):
        old, new = (np.asarray(Image.open(path), np.int16) for path in (ROOT / "docs/cards" / sheet.name, sheet))
        assert np.abs(old - new).max() <= 1  # another processor may round another way
