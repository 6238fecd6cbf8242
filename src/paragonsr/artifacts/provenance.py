"""Which code made a file."""

import subprocess
from pathlib import Path


def commit() -> str:
    """The commit of the checkout this program runs from, `-dirty` if it was changed; "unknown" for an installed one."""
    command = [
        "git",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
