"""Awkward inputs: each is decoded on purpose or refused for the right reason."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from paragonsr.curate.config import Curation, Sources, Tiles
from paragonsr.curate.photograph import Refused, read
from paragonsr.curate.sources import find

CONFIG = Curation(technical="none", aesthetic="none", statistics="none", tiles=Tiles(size=64))


def photo(path: Path):
    (found,) = find((path,), Sources(), Path("nowhere"))
    return found


def pixels(path: Path):
    return read(photo(path), CONFIG).pixels


def refused(path: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        read(photo(path), CONFIG)
    assert path.name not in caught.value.detail, "the row names the file already"
    return caught.value


def encoded(array, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def base(picture):
    return picture(5, 90, 120)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_plain_files_give_their_pixels_and_digest(tmp_path, base, kind):
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(encoded(base, kind))
    np.testing.assert_array_equal(pixels(path), base)


def test_a_jpeg_is_what_pillow_decodes(tmp_path, base):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(base, "JPEG", quality=95, subsampling=0))
    assert np.abs(pixels(path).astype(int) - np.asarray(Image.open(path))).max() <= 1


@pytest.mark.parametrize(("kind", "part"), [("JPEG", 0.5), ("JPEG", 0.99), ("PNG", 0.7), ("WEBP", 0.6), ("TIFF", 0.8)])
def test_truncated(tmp_path, base, kind, part):
    content = encoded(base, kind)
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(content[: int(len(content) * part)])
    assert refused(path).reason == "broken"


def test_flipped_bits_under_a_checksum(tmp_path, base):
    content = bytearray(encoded(base, "PNG"))
    for place in range(40, len(content), len(content) // 12):
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        (tmp_path / "a.png").write_bytes(damaged)
        assert refused(tmp_path / "a.png").reason == "broken"


def test_flipped_bits_that_put_a_jpeg_out_of_step(tmp_path, base):
    content = bytearray(encoded(base, "JPEG", quality=90))
    content[len(content) // 2 : len(content) // 2 + 2] = b"\xff\xd9"
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert refused(path).reason == "broken"


def test_sixteen_bits_are_rounded(tmp_path, base):
    deep = base.astype(np.uint16) * 257 + np.random.default_rng(0).integers(-128, 129, base.shape)
    deep = np.clip(deep, 0, 65535).astype(np.uint16)
    pyvips.Image.new_from_array(deep, interpretation="rgb16").write_to_file(str(tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), base)


def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path, base):
    alpha = np.full(base.shape[:2], 255, np.uint8)
    Image.fromarray(np.dstack([base, alpha])).save(tmp_path / "a.png")
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), base)
    alpha[3, 3] = 254
    Image.fromarray(np.dstack([base, alpha])).save(tmp_path / "b.png")
    assert refused(tmp_path / "b.png").reason == "transparent"


def test_kinds_without_their_full_colours(tmp_path, base):
    image = Image.fromarray(base)
    image.convert("CMYK").save(tmp_path / "a.jpg")
    image.convert("P").save(tmp_path / "b.png")
    image.convert("P").save(tmp_path / "c.gif")
    image.convert("L").save(tmp_path / "d.jpg")
    image.convert("LA").save(tmp_path / "e.png")
    reasons = {path.name[0]: refused(path).reason for path in tmp_path.iterdir()}
    assert reasons == {"a": "cmyk", "b": "palette", "c": "palette", "d": "gray", "e": "gray"}


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_animations_and_several_pages(tmp_path, base, suffix):
    path = tmp_path / f"a.{suffix}"
    frames = [Image.fromarray(base), Image.fromarray(255 - base)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert refused(path).reason == "animated"


def test_nothing_one_pixel_and_text(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(tmp_path / "b.png")
    (tmp_path / "c.jpg").write_text("<html>")
    (tmp_path / "d.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    reasons = [refused(path).reason for path in sorted(tmp_path.iterdir())]
    assert reasons == ["empty", "small", "broken", "unsupported"]


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 3 * 20_000) * 100, 9)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(content)
    found = refused(tmp_path / "a.png")
    assert (found.reason, found.detail) == ("too large", "20000 x 10000 pixels, allowed 150,000,000")


def test_orientation_is_applied(tmp_path, base):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(base).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), np.rot90(base, -1))


def test_another_colour_space_becomes_srgb(tmp_path, base):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.fromarray(base).save(tmp_path / "a.png", icc_profile=ImageCms.ImageCmsProfile(
        ImageCms.createProfile("sRGB")).tobytes())  # fmt: skip
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), base)
    swapped = _swapped_profile()
    Image.fromarray(base).save(tmp_path / "b.png", icc_profile=swapped)
    assert np.abs(pixels(tmp_path / "b.png").astype(int) - base[..., [1, 0, 2]]).mean() < 3
    Image.fromarray(base).save(tmp_path / "c.png", icc_profile=lab)
    np.testing.assert_array_equal(pixels(tmp_path / "c.png"), base)  # a profile that cannot be of RGB is none


def _swapped_profile() -> bytes:
    """sRGB's own profile with another name and the primaries of red and green exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    tags = {bytes(profile[132 + 12 * k : 136 + 12 * k]): 132 + 12 * k for k in range(count)}
    red, green = (bytes(profile[tags[name] + 4 : tags[name] + 12]) for name in (b"rXYZ", b"gXYZ"))
    profile[tags[b"rXYZ"] + 4 : tags[b"rXYZ"] + 12], profile[tags[b"gXYZ"] + 4 : tags[b"gXYZ"] + 12] = green, red
    place, size = struct.unpack(">II", profile[tags[b"desc"] + 4 : tags[b"desc"] + 12])
    profile[place : place + size] = bytes(profile[place : place + size]).replace(
        "sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")
    )
    return bytes(profile)
