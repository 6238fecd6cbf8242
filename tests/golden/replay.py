"""The golden outputs as a model for a comparison: python tests/golden/replay.py MODEL IN OUT

Of the golden pictures it gives the stored output, of any other each pixel four times.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

GOLDEN = Path(__file__).parent


def main() -> None:
    sys.path.insert(0, str(GOLDEN.parents[1] / "bench"))
    from golden import inputs

    model, source, target = sys.argv[1:]
    with Image.open(source) as image:
        given = np.asarray(image)
    for name, low in inputs().items():
        if np.array_equal(low, given):
            with Image.open(GOLDEN / model / f"{name}.png") as stored:
                stored.save(target)
            return
    Image.fromarray(given.repeat(2, 0).repeat(2, 1)).save(target)


if __name__ == "__main__":
    main()
