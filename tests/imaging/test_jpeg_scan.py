"""The step check: no false alarm on sound files of every sampling and shape, and a measured power on damaged ones."""

import io

import numpy as np
import pytest
import pyvips
from PIL import Image

from paragonsr.errors import BrokenImageError
from paragonsr.imaging import codec, jpeg_scan

OPTIONS = [
    {"subsampling": 0},
    {"subsampling": 1},
    {"subsampling": 2},
    {"subsampling": 2, "restart_marker_rows": 1},
    {"subsampling": 2, "progressive": True},
    {"mode": "L"},
    {"mode": "CMYK"},
]


def jpeg(size, *, mode="RGB", quality=90, **options):
    width, height = size
    wave = np.sin(np.arange(height)[:, None, None] / 5 + np.arange(width)[:, None] / (3, 4, 7)) * 90 + 128
    noisy = wave + np.random.default_rng(width * height).normal(0, 12, wave.shape)
    data = io.BytesIO()
    image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).convert(mode)
    image.save(data, "JPEG", quality=quality, **options)
    return data.getvalue()


@pytest.mark.parametrize("sampling", [1, 2])
def test_the_method_works_with_the_libvips_at_hand(sampling):
    assert jpeg_scan._is_telling(sampling)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_sound_files_are_in_step(options):
    sizes = [(1, 1), (8, 8), (17, 9), (16, 16), (33, 24), (200, 145), (200, 150), (64, 160), (3000, 2)]
    for size in sizes:
        for quality in (10, 75, 100):
            data = jpeg(size, quality=quality, **options)
            assert jpeg_scan.is_in_step(data), (size, quality)
            assert jpeg_scan.is_in_step(data + b"trailing bytes of a phone, \xff\xd8 and \xff\xd9")


def test_libvips_own_files_and_those_with_filling_bytes_are_in_step():
    image = pyvips.Image.new_from_array(np.random.default_rng(1).integers(0, 256, (99, 77, 3), np.uint8))
    for mode in ("on", "off"):
        for optimal in (False, True):
            data = image.jpegsave_buffer(Q=80, subsample_mode=mode, optimize_coding=optimal)
            assert jpeg_scan.is_in_step(data)
            assert jpeg_scan.is_in_step(data[:-2] + b"\xff\xff" + data[-2:])


def test_photographs_are_in_step(assets):
    for path in sorted((assets / "photos").glob("*.jpg"))[:3]:
        assert jpeg_scan.is_in_step(path.read_bytes()), path


@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 2}, {"mode": "L"}], ids=str)
@pytest.mark.parametrize("change", [-200, -30, 30, 200])
def test_a_scan_too_short_or_too_long_is_out_of_step(options, change):
    data = jpeg((200, 150), **options)
    scan = jpeg_scan._locate(data)
    assert scan is not None
    rest = data[scan.start : scan.start + max(change, 0)]
    assert not jpeg_scan.is_in_step(data[: scan.end + min(change, 0)].rstrip(b"\xff") + rest + b"\xff\xd9")


@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 2}], ids=str)
def test_most_eight_byte_damages_are_noticed(tmp_path, options):
    data, random, noticed = jpeg((200, 150), **options), np.random.default_rng(3), 0
    for _ in range(40):
        place = int(random.integers(1000, len(data) - 100))
        (tmp_path / "a.jpg").write_bytes(data[:place] + random.bytes(8) + data[place + 8 :])
        try:
            codec.read(tmp_path / "a.jpg")
        except BrokenImageError:
            noticed += 1
    assert noticed >= 20


def test_other_files_pass_unjudged():
    for data in (b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xc0\0\x0b\x08\0\1\0\1\0", b"no JPEG at all"):
        assert jpeg_scan.is_in_step(data)
