"""Size of the wheel and of a fresh environment with it, and proof that the installed program works.

python bench/install.py
"""

import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import heading

ROOT = Path(__file__).parents[1]
LARGEST = 5


def run(*command: str | Path) -> str:
    """The standard output of a command; stops with what it said when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def megabytes(path: Path) -> float:
    """Size of a file, or of all files below a folder, in 10^6 bytes."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir()) / 1e6


def largest(environment: Path) -> str:
    """The largest packages of an environment."""
    packages = next(environment.glob("[Ll]ib/**/site-packages"))
    sizes = sorted(((megabytes(path), path.name) for path in packages.iterdir()), reverse=True)
    return ", ".join(f"{name} {size:.0f}" for size, name in sizes[:LARGEST])


def upscaled(program: Path, folder: Path) -> str:
    """What the installed program makes of a small picture."""
    source, result = folder / "ramp.png", folder / "larger.png"
    Image.fromarray(np.mgrid[0:48, 0:64, 0:3].sum(0).astype(np.uint8)).save(source)
    run(program, "upscale", source, "-o", result)
    with Image.open(result) as image:
        return f"64x48 -> {image.width}x{image.height}"


def show(what: str, measured: str, must: str = "", hope: str = "") -> None:
    print(f"{what:26}{measured:50}{must:10}{hope}".rstrip(), flush=True)


def main() -> None:
    heading.show()
    show("what", "measured", "must", "hope")
    with TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        show("wheel", f"{megabytes(wheel):.2f} MB", "2 MB", "1 MB")
        environment = folder / "environment"
        venv.create(environment, with_pip=True)
        binaries = environment / ("Scripts" if sys.platform == "win32" else "bin")
        run(binaries / "python", "-m", "pip", "install", wheel)
        show("environment with pip", f"{megabytes(environment):.0f} MB", "350 MB", "250 MB")
        show("its largest packages, MB", largest(environment))
        torch = run(binaries / "python", "-c", "import importlib.util as u; print(u.find_spec('torch') is not None)")
        show("torch is there", torch, "False")
        show("paragonsr --version", run(binaries / "paragonsr", "--version"), "works")
        show("paragonsr upscale", upscaled(binaries / "paragonsr", folder), "works")


if __name__ == "__main__":
    main()
