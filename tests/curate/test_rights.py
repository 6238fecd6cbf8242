"""Licences from tables, EXIF and XMP."""

import pytest
from PIL import Image

from paragonsr.curate import rights
from paragonsr.curate.config import Sources
from paragonsr.curate.rights import Rights
from paragonsr.imaging.metadata import Metadata


def test_a_table_gives_licence_author_and_origin():
    text = "file,source_repo,source_path,licence,author\na.jpg,github:x/y,p/a.jpg,CC0-1.0,Ann\nb.jpg,,,,\n"
    assert rights.sidecar(text.encode("utf-8-sig")) == {
        "a.jpg": Rights("CC0-1.0", "Ann", "github:x/y p/a.jpg"), "b.jpg": Rights(),
    }  # fmt: skip
    assert rights.sidecar(b"file,licence,source\na.jpg,CC0,https://x\n")["a.jpg"] == Rights("CC0", "", "https://x")


@pytest.mark.parametrize("text", [b"", b"name,rights\na,b\n", b"\xff\xfe\x00"])
def test_a_table_of_something_else_says_nothing(text):
    assert rights.sidecar(text) == {}


def test_a_row_that_is_cut_off_has_no_licence():
    assert rights.sidecar(b"file,licence\na.jpg\n") == {"a.jpg": Rights()}


def test_exif_says_copyright_and_artist():
    exif = Image.Exif()
    exif[0x8298], exif[0x013B] = "CC0 1.0", "Ann"
    assert rights.embedded(Metadata(exif=exif.tobytes())) == Rights("CC0 1.0", "Ann")


def test_damaged_exif_says_nothing():
    assert rights.embedded(Metadata(exif=b"Exif\0\0II*\0\xff\xff\xff\xff")) == Rights()


@pytest.mark.parametrize(
    "xmp",
    [
        b'<cc:license rdf:resource="https://creativecommons.org/publicdomain/zero/1.0/"/>',
        b'<rdf:Description cc:license="https://creativecommons.org/publicdomain/zero/1.0/">',
        b"<xmpRights:WebStatement>https://creativecommons.org/publicdomain/zero/1.0/</xmpRights:WebStatement>",
        b'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">https://creativecommons.org/publicdomain/zero/1.0/</rdf:li>'
        b"</rdf:Alt></dc:rights>",
    ],
)
def test_xmp_states_a_licence_in_four_ways(xmp):
    exif = Image.Exif()
    exif[0x8298] = "all rights reserved"
    found = rights.embedded(Metadata(xmp=xmp, exif=exif.tobytes()))
    assert found.licence == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert rights.is_allowed(found.licence, Sources().licences)


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("CC0-1.0", True), ("cc0", True), ("Public Domain", True), ("PD-USGov", True), ("", False),
        ("CC-BY-4.0", False), ("all rights reserved", False), ("CC-BY-SA (not CC0)", False),
    ],
)  # fmt: skip
def test_which_licences_the_recipe_allows(licence, allowed):
    assert rights.is_allowed(licence, Sources().licences) is allowed
