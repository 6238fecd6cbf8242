"""Writes docs/cards and docs/leaderboard.md from the reports in docs/reports.

    python bench/cards.py [FOLDER]

The reports are those of the shipped models, as `paragonsr evaluate perceptual fidelity --gray-as-rgb --json FILE` wrote
them for Set14 (`--lr bicubic`) and data/val (`--lr card`). The crops are of scikit-image's photographs, CC0 or public
domain. With FOLDER everything goes there instead of docs/, for comparison: writing it again changes nothing.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from skimage import data

from paragonsr import console
from paragonsr.cli import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
RECIPES = {"perceptual": "perceptual_finish.toml", "fidelity": "fidelity_finish.toml"}
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


def write(docs: Path) -> None:
    """The cards of the shipped models and the leaderboard, into a folder that may hold older ones."""
    reports = [word for path in sorted((DOCS / "reports").glob("*.json")) for word in ("--report", str(path))]
    with TemporaryDirectory() as photographs:
        for name in PHOTOGRAPHS:
            Image.fromarray(getattr(data, name)()).save(Path(photographs) / f"{name}.png")
        for model, recipe in RECIPES.items():
            given = ["--recipe", str(ROOT / "recipes" / recipe), "--images", photographs, "--out", str(docs / "cards")]
            call("card", model, *reports, *given, "--overwrite")
    call("leaderboard", *RECIPES, *reports, "--out", str(docs / "leaderboard.md"))


def call(*words: str) -> None:
    if code := console.run(cli, list(words)):
        raise SystemExit(code)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
