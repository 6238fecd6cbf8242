import json

import pytest

from paragonsr.artifacts import card as cards
from paragonsr.artifacts.card import Card, Training
from paragonsr.errors import ModelError

TRAINING = Training("fidelity", "card", "abc", "3 tiles of 2 photographs", "d" * 64, "CC0-1.0", {"l1": 1.0}, 10, 80)
CARD = Card("2xA", "paragonsr-nano-1", "1.0", 2, 9, 3, 18428, "Apache-2.0", "e" * 64, TRAINING, {"tolerance": 1e-5})


def test_a_card_comes_back_as_it_went() -> None:
    text = cards.dumps(CARD)
    assert text.endswith(b"}\n")
    assert list(json.loads(text)) == list(Card.__struct_fields__)
    assert json.loads(text)["schema_version"] == 1
    assert cards.loads(text, "x") == CARD
    assert cards.dumps(cards.loads(text.decode(), "x")) == text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"radius": "far"}, r"a\.json: its card cannot be read.*radius"),
        ({"colour": 3}, r"a\.json: its card cannot be read.*colour"),
        ({"schema_version": 2}, r"a\.json: its card has schema version 2; this program reads 1"),
        ({"schema_version": 2, "colour": 3}, r"a\.json: its card has schema version 2; this program reads 1"),
    ],
)
def test_a_wrong_card_is_named(change: dict[str, object], complaint: str) -> None:
    text = json.dumps(json.loads(cards.dumps(CARD)) | change)
    with pytest.raises(ModelError, match=complaint):
        cards.loads(text, "a.json")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"{}"])
def test_what_is_no_card_is_named(text: bytes) -> None:
    with pytest.raises(ModelError, match=r"b\.onnx: its card cannot be read"):
        cards.loads(text, "b.onnx")
