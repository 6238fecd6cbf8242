"""Another program as an upscaler: it is given a PNG and writes one."""

import os
import shlex
import shutil
import subprocess
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import InputError, ModelError
from paragonsr.imaging import codec

_PROBE = (32, 48)


class Command:
    """A command line with `{in}` and `{out}`, run without a shell, one picture at a time; closes as a context.

    Attributes: `name`, of the program; `program`, its file; `line`, the command without folders; `scale`, found by
    running it on a small picture. Raises ModelError when there is no such program, when it fails, or when what it
    makes of a picture is not that picture, larger.
    """

    def __init__(self, text: str) -> None:
        self._lock = threading.Lock()
        self._words = shlex.split(text, posix=os.name != "nt")
        found = shutil.which(self._words[0])
        if found is None:
            raise ModelError(f"{text}: there is no program {self._words[0]}")
        self.program = Path(found)
        self.name = self.program.stem
        self.line = " ".join(Path(word).name for word in self._words)
        made = self(np.random.default_rng(0).integers(0, 256, (*_PROBE, 3), np.uint8))
        self.scale = made.shape[0] // _PROBE[0]
        if made.shape != (self.scale * _PROBE[0], self.scale * _PROBE[1], 3):
            raise ModelError(f"{self.line}: makes {made.shape[0]}x{made.shape[1]} of {_PROBE[0]}x{_PROBE[1]} pixels")

    @staticmethod
    def means(model: str | Path) -> bool:
        """Whether a model is named by such a command."""
        return isinstance(model, str) and "{in}" in model and "{out}" in model

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Enlarge uint8 [H, W, 3]."""
        with TemporaryDirectory(prefix="paragonsr.") as folder:
            given, made = Path(folder, "in.png"), Path(folder, "out.png")
            codec.write(given, codec.Picture(image))
            words = [word.replace("{in}", str(given)).replace("{out}", str(made)) for word in self._words]
            with self._lock:  # it may need all the memory that there is
                done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode:
                last = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
                raise ModelError(f"{self.line}: ends with {done.returncode}: {last}")
            try:
                pixels = codec.read(made).pixels
            except InputError as error:
                raise ModelError(f"{self.line}: writes no picture: {error}") from error
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ModelError(f"{self.line}: makes {pixels.dtype} of shape {pixels.shape}; wanted is 8-bit RGB")
        return pixels

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
