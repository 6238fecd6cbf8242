"""Which code made a file."""

import subprocess
from pathlib import Path


def commit() -> str:
    """The commit of the checkout this program runs from, `-dirty` if it was changed; "unknown" for an installed one."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)  # else the checkout is a stranger's around our install
        return _git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
