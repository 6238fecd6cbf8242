import msgspec
import pytest

from paragonsr.degrade.config import Degradation


def test_defaults_are_the_cards_numbers():
    assert Degradation() == Degradation("card", 0.5, 0.8, 0.15, (2, 3), (0.6, 0.9))


def test_survives_the_way_through_a_file():
    config = Degradation(blur_sigma=0.4, chain_steps=(1, 2))
    assert msgspec.json.decode(msgspec.json.encode(config), type=Degradation) == config


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"blur_probability": 1.1}, "blur_probability"),
        ({"chain_probability": -0.1}, "chain_probability"),
        ({"blur_sigma": -1.0}, "blur_sigma"),
        ({"blur_sigma": float("nan")}, "blur_sigma"),
        ({"chain_steps": (3, 2)}, "chain_steps"),
        ({"chain_steps": (0, 2)}, "chain_steps"),
        ({"chain_ratios": (0.9, 0.6)}, "chain_ratios"),
        ({"chain_ratios": (0.0, 0.6)}, "chain_ratios"),
    ],
)
def test_values_out_of_range_are_named(setting: dict, named: str):
    with pytest.raises(ValueError, match=named):
        Degradation(**setting)


@pytest.mark.parametrize("setting", [{"kind": "jpeg"}, {"blur": 0.5}, {"blur_probability": 2.0}])
def test_a_file_with_a_fault_is_refused_with_its_place(setting: dict):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(setting, Degradation)
