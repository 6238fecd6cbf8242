"""Between colours and gray."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Full-range luma of BT.601, 0.299 R + 0.587 G + 0.114 B, rounded: uint8 HWC RGB to uint8 HW; HW stays as it is.

    In whole numbers, so the same on every machine (Pillow's "L").
    """
    if picture.ndim == 2:
        return picture
    return np.asarray(Image.fromarray(picture).convert("L"))
