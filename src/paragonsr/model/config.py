"""The settings of the generator."""

from typing import Annotated

import msgspec


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Size of a Nano: the released graph depends on `channels` and `layers`, training alone on `expansion`."""

    channels: Annotated[int, msgspec.Meta(ge=1, le=256)] = 16
    layers: Annotated[int, msgspec.Meta(ge=0, le=9)] = 7
    expansion: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 64
