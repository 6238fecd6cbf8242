"""What a figure must carry to be believed: the files, the versions and the machine it was measured with."""

import hashlib
import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from paragonsr.evaluate.report import File, Machine
from paragonsr.runtime import builds

_PACKAGE = Path(__file__).parents[1]
_PACKAGES = ("paragonsr", "numpy", "Pillow", "pyvips")
_EXTRAS = ("openvino", "torch")


def file(path: Path) -> File:
    """The name, size and SHA-256 of a file."""
    content = path.read_bytes()
    return File(name=path.name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def program() -> str:
    """A hash of this program's own code, which tells two states of it apart even where neither is committed."""
    found = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that compute the figures."""
    found = {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES} | builds.installed()
    for name in _EXTRAS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def machine() -> Machine:
    """This machine, without its name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(system=platform.platform(terse=True), processor=_processor(), cores=cores)


def _processor() -> str:
    """The processor's own name; `platform` does not know it on Linux."""
    about = Path("/proc/cpuinfo")
    if about.is_file():
        for line in about.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
