"""The card that travels with a model: what it is, how far it looks, what it was trained on, what was measured.

The same JSON is the sidecar `<model>.json` and the ONNX metadata property `paragonsr.card`, because some
consumers read only one of the two.
"""

import msgspec

from paragonsr.errors import ModelError

SCHEMA_VERSION = 1
METADATA_KEY = "paragonsr.card"


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the weights came to be; `blend` is the share of each training in them, if they are not of this one alone."""

    recipe: str
    degradation: str
    commit: str
    corpus: str
    corpus_sha256: str
    corpus_licence: str
    losses: dict[str, float]
    steps: int = 0
    images_seen: int = 0
    blend: dict[str, float] = {}


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model's card: `radius` is the receptive radius in input pixels; commands fill `parity` and `measured`.

    `notes` are verdicts in words, by what they are about: which file there is not, and why.
    """

    name: str
    architecture: str
    version: str
    scale: int
    radius: int
    channels: int
    parameters: int
    licence: str
    checkpoint_sha256: str
    training: Training
    parity: dict[str, float]
    measured: dict[str, float] = {}
    notes: dict[str, str] = {}
    schema_version: int = SCHEMA_VERSION


def dumps(card: Card) -> bytes:
    """The card as indented JSON, keys in the order of the fields, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"


class _Version(msgspec.Struct):
    schema_version: int = SCHEMA_VERSION


def loads(text: bytes | str, where: str) -> Card:
    """A card from JSON; `where` names the file in the ModelError that a wrong one raises."""
    try:
        version = msgspec.json.decode(text, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise ModelError(
                f"{where}: its card has schema version {version}; this program reads {SCHEMA_VERSION}. "
                "Install the paragonsr version the model was made for."
            )
        return msgspec.json.decode(text, type=Card)
    except msgspec.DecodeError as error:
        raise ModelError(f"{where}: its card cannot be read: {error}") from error
