"""Crops are cut where they say, of what the models really make; what cannot be used is named and the rest shown."""

import hashlib

import numpy as np
import pytest

from paragonsr.degrade import validation
from paragonsr.degrade.operations import bicubic
from paragonsr.errors import MissingInputError, ModelError
from paragonsr.evaluate.showcase.faces import Face
from paragonsr.evaluate.showcase.gallery import gather
from paragonsr.imaging.kernels import BICUBIC, LANCZOS3
from paragonsr.imaging.metrics import luma
from paragonsr.imaging.resample import resample
from paragonsr.runtime.upscaler import Upscaler


@pytest.fixture(autouse=True)
def no_weights(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path_factory.mktemp("none")))


@pytest.fixture
def images(tmp_path, draw):
    for seed, name in enumerate(("a.png", "b.png", "c.png")):
        draw(tmp_path / "images" / name, 240 + seed, 300, seed=seed)
    return tmp_path / "images"


def test_every_version_of_every_crop(images, pixels, random_model, plain_model):
    gallery = gather([random_model, plain_model], images, "card", count=4, provider="cpu", threads=1)
    record = gallery.record
    assert record.shown == ("target", "input", "bicubic", "Lanczos", "2xRandom", "2xPlain")
    assert [model.name for model in record.models] == ["2xRandom", "2xPlain"]
    assert record.models[0].file.sha256 == hashlib.sha256(random_model.read_bytes()).hexdigest()
    assert record.crops[0].kind == "face"
    assert record.crops[0].picture.name == "astronaut.webp"
    assert (record.crops[0].top, record.crops[0].left) == (24, 24)
    assert len(record.crops) == 4
    assert record.faults == ()
    sources = sorted(images.iterdir())
    with Upscaler(random_model, provider="cpu", threads=1) as model:
        for exhibit in gallery.exhibits[1:]:
            crop, path = exhibit.crop, images / exhibit.crop.picture.name
            whole = pixels(path)
            target = whole[: whole.shape[0] // 2 * 2]
            low = validation.degrade(target, sources.index(path))
            box = np.s_[crop.top : crop.top + crop.side, crop.left : crop.left + crop.side]
            half = np.s_[crop.top // 2 : (crop.top + crop.side) // 2, crop.left // 2 : (crop.left + crop.side) // 2]
            wanted = {
                "target": target[box],
                "input": low[half],
                "bicubic": resample(low, target.shape[:2], BICUBIC)[box],
                "Lanczos": resample(low, target.shape[:2], LANCZOS3)[box],
                "2xRandom": model(low)[box],
            }
            for name, expected in wanted.items():
                assert np.array_equal(exhibit.versions[name], expected), name
            rivals = [luma(exhibit.versions[name]) for name in ("2xRandom", "2xPlain")]
            assert crop.difference == pytest.approx(np.abs(rivals[0] - rivals[1]).mean())
            assert crop.figures.keys() == {"bicubic", "Lanczos", "2xRandom", "2xPlain"}


def test_one_model_is_held_against_lanczos(images, random_model):
    gallery = gather([random_model], images, "bicubic", count=1, provider="cpu", threads=1)
    (exhibit,) = gallery.exhibits
    rivals = [luma(exhibit.versions[name]) for name in ("2xRandom", "Lanczos")]
    assert exhibit.crop.difference == pytest.approx(np.abs(rivals[0] - rivals[1]).mean())
    inner = np.s_[8:-8, 8:-8]  # at its border a crop has no neighbours
    assert exhibit.versions["input"].shape == (96, 96, 3)
    assert np.array_equal(bicubic(exhibit.versions["target"])[inner], exhibit.versions["input"][inner])


def test_what_cannot_be_used_is_named_and_the_rest_shown(images, draw, tmp_path, random_model, four_times):
    draw(images / "gray.png", 300, 300, "L")
    draw(images / "clear.png", 300, 300, "RGBA")
    draw(images / "deep.png", 300, 300, "I;16")
    draw(images / "small.png", 100, 300)
    (images / "broken.png").write_bytes(b"no picture")
    draw(tmp_path / "me.png", 300, 300, seed=9)
    faces = [Face(tmp_path / "nobody.png", None), Face(tmp_path / "me.png", (150, 150))]
    models = [random_model, four_times, "nothing", random_model, images / "a.png"]
    gallery = gather(models, images, faces=faces, count=5, provider="cpu", threads=1)
    reasons = {fault.name: fault.reason for fault in gallery.record.faults}
    for name, words in {
        "gray.png": "is gray",
        "clear.png": "alpha",
        "deep.png": "16 bits",
        "small.png": "100x300: too small",
        "broken.png": "broken.png",
        "nobody.png": "nobody.png",
        str(four_times): "enlarges 4 times",
        "nothing": "neither a model file",
        str(images / "a.png"): "not an ONNX model",
    }.items():
        assert words in reasons.pop(name), name
    assert not reasons
    kinds = [(crop.kind, crop.picture.name) for crop in gallery.record.crops]
    assert kinds[:2] == [("face", "astronaut.webp"), ("face", "me.png")]
    assert len(kinds) == 5
    assert (gallery.record.crops[1].top, gallery.record.crops[1].left) == (54, 54)


def test_two_models_of_one_name_are_told_apart(images, random_model, tmp_path):
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other" / random_model.name
    copy.write_bytes(random_model.read_bytes())
    gallery = gather([random_model, copy], images, count=1, provider="cpu", threads=1)
    assert gallery.record.shown[-2:] == ("2xRandom", "2xRandom (2)")


def test_nothing_to_show(images, tmp_path):
    with pytest.raises(ModelError, match="no model to show: nothing: is neither"):
        gather(["nothing"], images)
    with pytest.raises(MissingInputError, match="nowhere"):
        gather(["fidelity"], tmp_path / "nowhere")
