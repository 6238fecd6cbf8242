"""What `showcase.json` says: which crops are shown, what was measured on each, by which code, on which files."""

import msgspec

from paragonsr.evaluate.report import Fault, File, Machine, Model
from paragonsr.evaluate.showcase.choice import Kind

SCHEMA_VERSION = 1


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of a crop against its target; `psnr_y` in dB (None: the two are equal), `lpips` and `dists` from 0.

    LPIPS (AlexNet) and DISTS are None where they could not be measured; `Showcase.unmeasured` says why.
    """

    psnr_y: float | None
    ssim_y: float
    lpips: float | None = None
    dists: float | None = None


class Crop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A square of `side` target pixels; `difference` is the models' mean absolute difference of luma, in 1/255."""

    kind: Kind
    picture: File
    top: int
    left: int
    side: int
    difference: float
    figures: dict[str, Figures]


class Showcase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A showcase. `shown` are the versions of each crop, in order; `unmeasured` gives columns without figures a reason.

    `images` is the name of the folder; `low` says how the inputs were made, "card" or "bicubic", or is the name
    of the folder that they lie in and a slash.
    """

    date: str
    seconds: float
    commit: str
    versions: dict[str, str]
    machine: Machine
    images: str
    low: str
    scale: int
    models: tuple[Model, ...]
    shown: tuple[str, ...]
    crops: tuple[Crop, ...]
    unmeasured: dict[str, str]
    faults: tuple[Fault, ...]
    schema_version: int = SCHEMA_VERSION


def dumps(showcase: Showcase) -> bytes:
    """As indented JSON, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(showcase), indent=2) + b"\n"
