"""Make the README's pictures: a photograph, and a crop of it enlarged by bicubic and by the shipped model.

    python bench/picture.py

The photograph is scikit-image's astronaut (Eileen Collins, NASA, public domain), 512 x 512. `docs/images/astronaut.png`
is its antialiased bicubic half, the input of both enlargements; `docs/images/comparison.png` shows, from left to right,
that input's pixels, Pillow's bicubic, the model, and the photograph itself, each at twice the size on screen.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import astronaut

from paragonsr import upscale
from paragonsr.degrade.operations import bicubic

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CROPS = ((62, 176, 158, 272), (340, 124, 436, 220))
"""(top, left, bottom, right) in the photograph: the face, and the badge with its fine print."""


def main() -> None:
    target = astronaut()
    small = bicubic(target)
    large = np.asarray(Image.fromarray(small).resize(target.shape[1::-1], Image.Resampling.BICUBIC))
    pixels = small.repeat(2, 0).repeat(2, 1)
    versions = (pixels, large, upscale(small), target)
    rows = [
        np.concatenate([picture[top:bottom, left:right] for picture in versions], axis=1)
        for top, left, bottom, right in CROPS
    ]
    IMAGES.mkdir(parents=True, exist_ok=True)
    Image.fromarray(small).save(IMAGES / "astronaut.png", optimize=True)
    Image.fromarray(np.concatenate(rows).repeat(2, 0).repeat(2, 1)).save(IMAGES / "comparison.png", optimize=True)


if __name__ == "__main__":
    main()
