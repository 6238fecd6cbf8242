"""EXIF edited in place, checked by Pillow's parser, in both byte orders."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from paragonsr.imaging import metadata

NOTE = b"Maker\0" + bytes(range(200))


def exif(endian, orientation=8):
    made = Image.Exif()
    made.endian = endian
    made.update({0x0112: orientation, 0x0100: 53, 0x0101: 37, 0x0110: "Camera"})
    made.get_ifd(0x8769).update({0xA002: 53, 0xA003: 37, 0x927C: NOTE})
    return made.tobytes()


def parsed(data):
    back = Image.Exif()
    back.load(data)
    return back


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("size", [(74, 106), (70000, 60000)])
def test_orientation_and_sizes_change_and_nothing_else(endian, size):
    before = exif(endian)
    after = metadata.resized(metadata.upright(before), size)
    assert after is not None
    back = parsed(after)
    inner = back.get_ifd(0x8769)
    assert (back[0x0112], back[0x0110]) == (1, "Camera")
    assert (back[0x0101], back[0x0100]) == (inner[0xA003], inner[0xA002]) == size
    assert inner[0x927C] == NOTE
    assert after.index(NOTE) == before.index(NOTE)


def test_tags_that_were_not_stated_are_not_added():
    made = Image.Exif()
    made[0x0110] = "Camera"
    assert metadata.resized(metadata.upright(made.tobytes()), (5, 6)) == made.tobytes()


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda tail: b"Exif\0\0II*\0" + tail))
def test_any_bytes_are_edited_or_given_up(data):
    result = metadata.upright(data)
    assert result is None or result.startswith(b"Exif\0\0")


def test_xmp_in_both_notations():
    xmp = b"<a tiff:Orientation='6' tiff:ImageWidth=\"53\"/><exif:PixelYDimension>37</exif:PixelYDimension>"
    done = metadata.resized_xmp(metadata.upright_xmp(xmp), (74, 106))
    assert done == b"<a tiff:Orientation='1' tiff:ImageWidth=\"106\"/><exif:PixelYDimension>74</exif:PixelYDimension>"
    assert metadata.upright_xmp(None) is None


def test_a_profile_fits_the_pictures_it_is_for():
    for space, colours in ((b"RGB ", 3), (b"GRAY", 1)):
        profile = struct.pack(">16x4s", space)
        assert metadata.fitting_profile(profile, colours) == profile
        assert metadata.fitting_profile(profile, 4 - colours) is None
    assert metadata.fitting_profile(b"short", 3) is None
