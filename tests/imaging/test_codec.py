"""Reading and writing, with Pillow as the independent writer and reader."""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import ExifTags, Image, ImageCms, ImageOps, PngImagePlugin

from paragonsr.errors import (
    BrokenImageError,
    InputError,
    MissingInputError,
    OutputError,
    OutputExistsError,
    OutputLimitError,
    UnsupportedImageError,
)
from paragonsr.imaging import codec, decoding
from paragonsr.imaging.codec import Metadata, Picture

LOSSLESS = (".png", ".tif", ".webp")
SHAPES = {"gray": (37, 53), "gray-alpha": (37, 53, 2), "rgb": (37, 53, 3), "rgba": (37, 53, 4)}


def smooth(shape, dtype=np.uint8):
    """A picture that lossy formats keep well; its alpha, if any, smooth as well."""
    top = np.iinfo(dtype).max
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape[:2])
    planes = [x, y, (x + y) / 2, 1 - x / 2]
    channels = shape[2] if len(shape) == 3 else 1
    picked = planes[: channels - 1] + planes[3:] if channels in (2, 4) else planes[:channels]
    return np.rint(np.stack(picked, axis=-1) * top).astype(dtype).reshape(shape)


def opened(path):
    return Image.open(io.BytesIO(path.read_bytes()))


def noise(shape, dtype=np.uint8):
    return np.random.default_rng(7).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_lossless_formats_return_what_was_written(tmp_path, shape, dtype, suffix):
    pixels = noise(shape, dtype)
    codec.write(tmp_path / f"a{suffix}", Picture(pixels))
    back = codec.read(tmp_path / f"a{suffix}").pixels
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, pixels)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_pillow_reads_the_same_8_bits(tmp_path, shape, suffix):
    pixels = noise(shape)
    codec.write(tmp_path / f"a{suffix}", Picture(pixels))
    np.testing.assert_array_equal(np.asarray(opened(tmp_path / f"a{suffix}")), pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_lossy_formats_stay_close_by_default_and_obey_quality(tmp_path, suffix):
    pixels = smooth((64, 96, 3))
    for quality in (None, 30):
        codec.write(tmp_path / f"{quality}{suffix}", Picture(pixels), quality=quality)
    default = np.asarray(opened(tmp_path / f"None{suffix}")).astype(int)
    assert np.abs(default - pixels).max() <= 8  # Pillow's WebP of the same quality: 7
    assert (tmp_path / f"30{suffix}").stat().st_size < (tmp_path / f"None{suffix}").stat().st_size


def test_jpeg_is_quality_95_without_subsampling(tmp_path):
    codec.write(tmp_path / "a.jpg", Picture(smooth((64, 96, 3))))
    ours = opened(tmp_path / "a.jpg")
    assert [layer[1:3] for layer in ours.layer] == [(1, 1)] * 3
    Image.fromarray(smooth((64, 96, 3))).save(tmp_path / "b.jpg", quality=95)
    assert ours.quantization == opened(tmp_path / "b.jpg").quantization


def test_webp_at_quality_100_is_lossless_even_under_transparency(tmp_path):
    pixels = noise((20, 30, 4))
    pixels[:10, :, 3] = 0
    codec.write(tmp_path / "a.webp", Picture(pixels), quality=100)
    np.testing.assert_array_equal(codec.read(tmp_path / "a.webp").pixels, pixels)


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_alpha_survives_lossy_formats(tmp_path, suffix):
    pixels = smooth((64, 96, 4))
    codec.write(tmp_path / f"a{suffix}", Picture(pixels))
    back = codec.read(tmp_path / f"a{suffix}").pixels.astype(int)
    assert np.abs(back[..., 3] - pixels[..., 3]).max() <= 3


def test_gray_jpeg_stays_gray(tmp_path):
    codec.write(tmp_path / "a.jpg", Picture(smooth((64, 96))))
    assert opened(tmp_path / "a.jpg").mode == "L"
    assert codec.read(tmp_path / "a.jpg").pixels.shape == (64, 96)


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_avif_is_16_bit_and_white_is_white(tmp_path, bits):
    pixels = np.zeros((32, 32, 3), np.uint16)
    pixels[16:] = 65535
    image = pyvips.Image.new_from_array(pixels, interpretation="rgb16")
    image.heifsave(str(tmp_path / "a.avif"), compression="av1", bitdepth=bits, Q=100)
    back = codec.read(tmp_path / "a.avif").pixels
    assert back.dtype == np.uint16
    assert (back[0, 0].tolist(), back[-1, -1].tolist()) == ([0] * 3, [65535] * 3)


def test_deep_avif_keeps_12_bits(tmp_path):
    pixels = smooth((64, 96, 3), np.uint16)
    codec.write(tmp_path / "a.avif", Picture(pixels), quality=100)
    back = codec.read(tmp_path / "a.avif").pixels
    assert np.abs(back.astype(int) - pixels).max() < 257  # better than 8 bits can be
    assert len(np.unique(back)) > 256


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_non_contiguous_pixels_are_written_as_seen(tmp_path, suffix):
    pixels = noise((40, 60, 3))[::-2, 5:30, ::-1]
    codec.write(tmp_path / f"a{suffix}", Picture(pixels), quality=100)
    np.testing.assert_array_equal(codec.read(tmp_path / f"a{suffix}").pixels, pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_one_pixel(tmp_path, suffix):
    codec.write(tmp_path / f"a{suffix}", Picture(np.full((1, 1, 3), 128, np.uint8)))
    back = codec.read(tmp_path / f"a{suffix}").pixels
    assert back.shape == (1, 1, 3)
    assert np.abs(back.astype(int) - 128).max() <= 2


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("size", [(2, 60000), (60000, 2)])
def test_very_long_pictures(tmp_path, suffix, size):
    codec.write(tmp_path / f"a{suffix}", Picture(np.full((*size, 3), 99, np.uint8)))
    assert codec.size(tmp_path / f"a{suffix}") == size
    assert codec.read(tmp_path / f"a{suffix}").pixels.shape == (*size, 3)


@pytest.mark.parametrize("name", ["größe 1.png", "絵[Q=3].png", "x" * 250 + ".png", "-v.png", "a%s.png"])
def test_any_file_name(tmp_path, name):
    codec.write(tmp_path / name, Picture(noise((5, 6))))
    np.testing.assert_array_equal(codec.read(tmp_path / name).pixels, noise((5, 6)))


def test_a_rewritten_file_is_read_anew(tmp_path):
    for value in (1, 2):
        codec.write(tmp_path / "a.png", Picture(np.full((8, 8), value, np.uint8)), overwrite=True)
        assert codec.read(tmp_path / "a.png").pixels[0, 0] == value


# --- kinds of pixels ---------------------------------------------------------------------------------------------


def test_palette_becomes_rgb_and_keeps_transparency(tmp_path):
    rgba = Image.fromarray(smooth((40, 50, 4)))
    for name, image, mode in (("p", rgba.convert("RGB").quantize(16), "RGB"), ("pa", rgba.quantize(16), "RGBA")):
        image.save(tmp_path / f"{name}.png")
        expected = np.asarray(opened(tmp_path / f"{name}.png").convert(mode))
        np.testing.assert_array_equal(codec.read(tmp_path / f"{name}.png").pixels, expected)


def test_a_transparent_colour_becomes_alpha(tmp_path):
    gray = Image.fromarray(smooth((40, 50)))
    gray.save(tmp_path / "a.png", transparency=7)
    pixels = codec.read(tmp_path / "a.png").pixels
    np.testing.assert_array_equal(pixels[..., 0], smooth((40, 50)))
    np.testing.assert_array_equal(pixels[..., 1] == 0, smooth((40, 50)) == 7)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_one_bit_becomes_eight(tmp_path, suffix):
    image = Image.fromarray(smooth((40, 50))).convert("1")
    image.save(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(codec.read(tmp_path / f"a{suffix}").pixels, np.asarray(image.convert("L")))


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_becomes_rgb_without_a_cmyk_profile(tmp_path, suffix):
    colours = np.zeros((48, 64, 4), np.uint8)
    colours[:, :16, 0] = colours[:, 16:32, 1] = colours[:, 32:48, 2] = colours[:, 48:, 3] = 255
    Image.frombytes("CMYK", (64, 48), colours.tobytes()).save(tmp_path / f"a{suffix}")
    picture = codec.read(tmp_path / f"a{suffix}")
    assert picture.pixels.shape == (48, 64, 3)
    assert picture.metadata.icc is None
    cyan, magenta, yellow, black = (picture.pixels[24, x].astype(int) for x in (8, 24, 40, 56))
    assert (cyan.argmin(), magenta.argmin(), yellow.argmin()) == (0, 1, 2)
    assert black.max() < 70


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_an_embedded_cmyk_profile_is_used_and_does_not_stay(tmp_path, suffix):
    """Against littlecms as Pillow drives it; the profile is one that libvips carries."""
    profile = bytes(pyvips.Image.profile_load("cmyk"))
    inks = np.repeat(np.repeat(np.random.default_rng(2).integers(0, 160, (3, 4, 4), np.uint8), 16, 0), 16, 1)
    image = Image.frombytes("CMYK", (64, 48), inks.tobytes())
    image.save(tmp_path / f"a{suffix}", icc_profile=profile, **({"quality": 100} if suffix == ".jpg" else {}))
    picture = codec.read(tmp_path / f"a{suffix}")
    source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    expected = np.asarray(ImageCms.profileToProfile(image, source, target, renderingIntent=intent, outputMode="RGB"))
    assert picture.metadata.icc is None
    assert np.abs(picture.pixels.astype(int) - expected)[8::16, 8::16].max() <= 6


def test_float_and_many_channels_are_refused_by_name(tmp_path):
    pyvips.Image.black(8, 8, bands=3).cast("float").tiffsave(str(tmp_path / "float.tif"))
    pyvips.Image.black(8, 8, bands=6).tiffsave(str(tmp_path / "six.tif"))
    for name in ("float.tif", "six.tif"):
        with pytest.raises(UnsupportedImageError, match="are not read"):
            codec.read(tmp_path / name)


def test_a_file_is_what_it_holds_not_what_it_is_called(tmp_path):
    Image.fromarray(noise((5, 6))).save(tmp_path / "a.jpg", format="PNG")
    picture = codec.read(tmp_path / "a.jpg")
    assert picture.metadata.format == "PNG"
    np.testing.assert_array_equal(picture.pixels, noise((5, 6)))


# --- metadata ----------------------------------------------------------------------------------------------------


def exif_with(orientation=6, width=53, height=37):
    exif = Image.Exif()
    exif.update({0x010E: "a cat", 0x0110: "Camera 1", 0x0112: orientation, 0x0100: width, 0x0101: height})
    exif.get_ifd(0x8769).update({0xA002: width, 0xA003: height, 0x9286: b"ASCII\0\0\0hello", 0x829A: 0.01})
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 30.0, 0.0)})
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_orientation_is_applied_once(tmp_path, orientation, suffix):
    image = Image.fromarray(noise((16, 24, 3)))
    image.save(
        tmp_path / f"a{suffix}", exif=exif_with(orientation, 24, 16), **{".webp": {"lossless": True}}.get(suffix, {})
    )
    expected = np.asarray(ImageOps.exif_transpose(opened(tmp_path / f"a{suffix}")))
    picture = codec.read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(picture.pixels, expected)
    assert codec.size(tmp_path / f"a{suffix}") == expected.shape[:2]
    codec.write(tmp_path / f"b{suffix}", picture)
    again = opened(tmp_path / f"b{suffix}")
    assert again.getexif().get(0x0112, 1) == 1
    assert again.size == expected.shape[1::-1]


def test_orientation_of_avif_is_that_of_the_decoder(tmp_path):
    Image.fromarray(smooth((16, 24, 3))).save(tmp_path / "a.avif", exif=exif_with(6), quality=100)
    picture = codec.read(tmp_path / "a.avif")
    expected = np.asarray(ImageOps.exif_transpose(opened(tmp_path / "a.avif")))
    assert picture.pixels.shape == expected.shape
    assert np.abs(picture.pixels.astype(int) - expected).max() <= 8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_metadata_travels_and_sizes_are_updated(tmp_path, dtype, suffix):
    if dtype == np.uint16 and suffix in (".jpg", ".webp"):
        pytest.skip("the format has 8 bits")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6" exif:PixelXDimension="53"/></x:xmpmeta>'
    image = Image.fromarray(smooth((37, 53, 3)))
    image.save(tmp_path / "in.jpg", exif=exif_with(), icc_profile=profile, dpi=(300, 300), xmp=xmp)
    info = codec.read(tmp_path / "in.jpg").metadata
    codec.write(tmp_path / f"out{suffix}", Picture(smooth((106, 74, 3), dtype), info))

    out = opened(tmp_path / f"out{suffix}")
    exif = out.getexif()
    inner, place = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    assert (exif[0x0110], exif[0x010E], exif.get(0x0112, 1)) == ("Camera 1", "a cat", 1)
    assert (exif.get(0x0100, 74), exif.get(0x0101, 106)) == (74, 106)
    assert (inner[0xA002], inner[0xA003]) == (74, 106)
    assert inner[0x9286] == b"ASCII\0\0\0hello"
    assert (float(inner[0x829A]), tuple(map(float, place[2]))) == (0.01, (47.0, 30.0, 0.0))
    assert out.info["icc_profile"] == profile

    back = codec.read(tmp_path / f"out{suffix}").metadata
    assert b'Orientation="1"' in back.xmp
    assert b'PixelXDimension="74"' in back.xmp
    if suffix in (".jpg", ".png", ".tif"):
        assert out.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_nothing_is_added_to_a_picture_without_metadata(tmp_path):
    for suffix in codec.SUFFIXES:
        codec.write(tmp_path / f"a{suffix}", Picture(smooth((37, 53, 3))))
        out = opened(tmp_path / f"a{suffix}")
        assert "icc_profile" not in out.info
        assert not out.getexif().get_ifd(0x8769)
        assert codec.read(tmp_path / f"a{suffix}").metadata.xmp is None


def test_a_gray_result_drops_an_rgb_profile(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    codec.write(tmp_path / "a.png", Picture(smooth((37, 53)), Metadata(icc=profile)))
    assert "icc_profile" not in opened(tmp_path / "a.png").info


def test_the_thumbnail_is_dropped(tmp_path):
    thumb = io.BytesIO()
    Image.fromarray(noise((16, 24, 3))).save(thumb, "JPEG")
    tiny = thumb.getvalue()
    first = b"II*\0\x08\0\0\0" + b"\1\0" + b"\x12\1\3\0\1\0\0\0\6\0\0\0" + (26).to_bytes(4, "little")
    second = b"\2\0" + b"\1\2\4\0\1\0\0\0\x38\0\0\0" + b"\2\2\4\0\1\0\0\0" + len(tiny).to_bytes(4, "little") + bytes(4)
    exif = b"Exif\0\0" + first + second + tiny
    Image.fromarray(noise((37, 53, 3))).save(tmp_path / "a.jpg", exif=exif)
    assert opened(tmp_path / "a.jpg").getexif().get_ifd(ExifTags.IFD.IFD1)[0x0202] == len(tiny)
    codec.write(tmp_path / "b.jpg", codec.read(tmp_path / "a.jpg"))
    assert tiny in (tmp_path / "a.jpg").read_bytes()
    assert tiny[-100:] not in (tmp_path / "b.jpg").read_bytes()
    assert not opened(tmp_path / "b.jpg").getexif().get_ifd(ExifTags.IFD.IFD1)


def test_broken_exif_does_not_keep_the_picture_from_being_read(tmp_path):
    Image.fromarray(noise((37, 53, 3))).save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fjunk")
    assert codec.read(tmp_path / "a.jpg").metadata.exif is None


def test_png_text_travels_in_any_encoding(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Gr\xf6\xdfe", "gro\xdf")  # Latin-1, its keyword too: no UTF-8
    text.add_itxt("Title", "\u7d75")
    text.add_text("Comment", "packed " * 9, zip=True)
    Image.fromarray(noise((5, 6))).save(tmp_path / "a.png", pnginfo=text)
    codec.write(tmp_path / "b.png", codec.read(tmp_path / "a.png"))
    out = opened(tmp_path / "b.png")
    assert dict(out.text) == {"Gr\xf6\xdfe": "gro\xdf", "Title": "\u7d75", "Comment": "packed " * 9}
    np.testing.assert_array_equal(np.asarray(out), noise((5, 6)))


# --- bad input ---------------------------------------------------------------------------------------------------


def encoded(kind, **options):
    data = io.BytesIO()
    Image.fromarray(noise((60, 80, 3))).save(data, kind, **options)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF"])
@pytest.mark.parametrize("part", [0, 3, 20, 0.3, 0.6, 0.97])
def test_truncated_files(tmp_path, kind, part):
    data = encoded(kind)
    kept = part if isinstance(part, int) else int(part * len(data))
    (tmp_path / "a.jpg").write_bytes(data[:kept])
    with pytest.raises(BrokenImageError, match=r"a\.jpg"):
        codec.read(tmp_path / "a.jpg")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_flipped_bits_under_a_checksum(tmp_path, kind):
    data = bytearray(encoded(kind, **({"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {})))
    data[len(data) // 2] ^= 16
    (tmp_path / "a.x").write_bytes(data)
    with pytest.raises(BrokenImageError):
        codec.read(tmp_path / "a.x")


def test_text_is_no_picture(tmp_path):
    (tmp_path / "a.jpg").write_text("no picture at all, but long enough to be taken for the header of one" * 9)
    with pytest.raises(BrokenImageError, match="no picture"):
        codec.read(tmp_path / "a.jpg")


def test_formats_that_are_not_read_are_named(tmp_path):
    Image.fromarray(noise((5, 6, 3))).save(tmp_path / "a.bmp")
    (tmp_path / "b.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    for name, match in (("a.bmp", "BMP"), ("b.jpg", "HEIC")):
        with pytest.raises(UnsupportedImageError, match=match):
            codec.read(tmp_path / name)


def test_missing_files_folders_and_paths_through_files(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(MissingInputError):
        codec.read(tmp_path / "none.png")
    for path in (tmp_path, tmp_path / "file" / "a.png"):
        with pytest.raises(InputError, match="directory"):
            codec.read(path)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif", ".avif"])
def test_animations_are_refused_or_give_their_first_frame(tmp_path, suffix):
    frames = [Image.new("RGB", (32, 24), (value, 10, 200 - value)) for value in (0, 90, 180)]
    frames[0].save(tmp_path / f"a{suffix}", save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedImageError, match="first frame"):
        codec.read(tmp_path / f"a{suffix}")
    first = codec.read(tmp_path / f"a{suffix}", first_frame=True).pixels
    assert first.shape[:2] == (24, 32)
    assert np.abs(first[..., :3].astype(int) - (0, 10, 200)).max() <= 4


def test_a_header_that_promises_too_much(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    monkeypatch.setattr(decoding, "MAX_PIXELS", 4799)
    with pytest.raises(UnsupportedImageError, match="80 x 60"):
        codec.read(tmp_path / "a.png")


def test_a_gigapixel_is_allowed_and_more_is_not():
    assert decoding.MAX_PIXELS == 10**9


def test_wrong_arrays_are_no_pictures():
    for array in (np.zeros((2, 2, 3), np.float32), np.zeros((2, 2, 5), np.uint8), np.zeros((0, 2), np.uint8)):
        with pytest.raises(InputError, match="a picture is"):
            Picture(array)


# --- bad output --------------------------------------------------------------------------------------------------


def check(path, size=(10, 10), **options):
    codec.check_output(Path(path), size=size, **options)


def test_limits_are_refused_before_the_work_with_a_way_out(tmp_path):
    check(tmp_path / "a.jpg", (65500, 1))
    check(tmp_path / "a.webp", (1, 16383))
    for name, size, match in (("a.jpg", (65501, 1), "PNG or TIFF"), ("a.webp", (1, 16384), "JPEG or PNG")):
        with pytest.raises(OutputLimitError, match=match):
            check(tmp_path / name, size)


def test_kinds_a_format_cannot_hold_are_refused_with_a_way_out(tmp_path):
    glass = Picture(np.zeros((4, 4, 4), np.uint8))
    deep = Picture(np.zeros((4, 4, 3), np.uint16))
    for name, picture, match in (
        ("a.jpg", glass, "transparency.*PNG or WebP"),
        ("a.jpg", deep, "8 bits.*PNG or TIFF"),
        ("a.webp", deep, "8 bits"),
    ):
        with pytest.raises(OutputError, match=match):
            check(tmp_path / name, picture=picture)
        with pytest.raises(OutputError, match=match):
            codec.write(tmp_path / name, picture)
    assert not list(tmp_path.iterdir())


def test_an_opaque_alpha_is_dropped_for_jpeg(tmp_path):
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[..., 0] = 10
    codec.write(tmp_path / "a.jpg", Picture(pixels))
    assert opened(tmp_path / "a.jpg").mode == "RGB"
    codec.write(tmp_path / "b.jpg", Picture(np.full((16, 16, 2), 255, np.uint8)))
    assert opened(tmp_path / "b.jpg").mode == "L"


def test_unknown_formats_and_qualities(tmp_path):
    for options in ({"format": "gif"}, {"format": None}):
        with pytest.raises(OutputError, match="no format to write"):
            check(tmp_path / "a.xyz", **options)
    for quality in (0, 101):
        with pytest.raises(OutputError, match="quality"):
            codec.write(tmp_path / "a.jpg", Picture(noise((5, 6))), quality=quality)


def test_a_named_format_wins_over_the_suffix(tmp_path):
    codec.write(tmp_path / "a.png", Picture(smooth((5, 6))), format="jpeg")
    assert opened(tmp_path / "a.png").format == "JPEG"


def test_nothing_is_overwritten_unasked(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        codec.write(target, Picture(noise((5, 6))))
    assert target.read_bytes() == b"precious"
    codec.write(target, Picture(noise((5, 6))), overwrite=True)
    np.testing.assert_array_equal(codec.read(target).pixels, noise((5, 6)))
    with pytest.raises(OutputExistsError, match="input itself"):
        check(target, overwrite=True, source=tmp_path / ".." / tmp_path.name / "a.png")


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    target = tmp_path / "a.png"
    encode = codec.encode

    def encode_late(*arguments):
        encode(*arguments)
        target.write_bytes(b"precious")

    monkeypatch.setattr(codec, "encode", encode_late)
    with pytest.raises(OutputExistsError):
        codec.write(target, Picture(noise((5, 6))))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"precious"]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    for path in (tmp_path / "none" / "a.png", tmp_path / "file" / "a.png"):
        with pytest.raises(OutputError):
            check(path)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="folder"):
        check(tmp_path / "folder.png", overwrite=True)


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch):
    encode = codec.encode

    def interrupted(*arguments):
        encode(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(codec, "encode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        codec.write(tmp_path / "a.png", Picture(noise((5, 6))))
    assert not list(tmp_path.iterdir())


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from paragonsr.errors import OutputError
from paragonsr.imaging import codec
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
pixels = np.random.default_rng(0).integers(0, 256, (120, 120, 3), np.uint8)
pixels = pixels.astype(np.uint16) * 257 if sys.argv[2] == "deep" else pixels
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
try:
    codec.write(Path(sys.argv[1]), codec.Picture(pixels), quality=100)
except OutputError as error:
    print("refused:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes to stand for a full disk")
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.avif"])
@pytest.mark.parametrize("depth", ["shallow", "deep"])
def test_a_full_disk_leaves_nothing_behind(tmp_path, name, depth):
    if depth == "deep" and name in ("a.jpg", "a.webp"):
        pytest.skip("the format has 8 bits")
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / name), depth]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused:")
    assert "cannot be written" in done.stdout
    assert ".tmp" not in done.stdout  # nobody knows that name, and it is gone
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_permissions(tmp_path):
    codec.write(tmp_path / "a.png", Picture(noise((5, 6))))
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(InputError, match="ermission"):
        codec.read(tmp_path / "a.png")
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="ermission"):
        codec.write(tmp_path / "b.png", Picture(noise((5, 6))))
    tmp_path.chmod(0o700)


def test_files_get_the_permissions_of_any_other_file(tmp_path):
    codec.write(tmp_path / "a.png", Picture(noise((5, 6))))
    (tmp_path / "b").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_threads_may_read_and_write_at_once(tmp_path):
    def there_and_back(index):
        pixels = smooth((64, 48 + index, 3))
        codec.write(tmp_path / f"{index}.png", Picture(pixels))
        return np.array_equal(codec.read(tmp_path / f"{index}.png").pixels, pixels)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(32)))


MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from paragonsr.imaging import codec
path = Path(sys.argv[1])
codec.write(path, codec.Picture(np.zeros((4, 4, 3), np.uint8)))
codec.read(path)
tile = np.add.outer(np.arange(400), np.arange(600) * 3)[..., None] // (3, 5, 7) & 127
pixels = np.tile(tile.astype(np.uint8), (10, 10, 1))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
codec.write(path, codec.Picture(pixels), overwrite=True)
written = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
del pixels
codec.read(path)
print(written - before >> 10, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is another")
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_neither_writing_nor_reading_24_megapixels_holds_a_second_copy_of_their_69_megabytes(tmp_path, name):
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / name)], capture_output=True, text=True, check=True
    )
    writing, reading = map(int, done.stdout.split())
    assert writing < 35
    assert reading < 60  # the files themselves among it, and a decoder for each thread
