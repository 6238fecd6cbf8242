"""The page stands alone, holds the very pixels, and says what the record says."""

import base64
import json
import re
from html.parser import HTMLParser
from io import BytesIO

import msgspec
import numpy as np
import pytest
from PIL import Image

from paragonsr.evaluate.report import Fault
from paragonsr.evaluate.showcase import page
from paragonsr.evaluate.showcase.record import Figures


class Page(HTMLParser):
    """Addresses that a browser would fetch, the rows of tables, the headings."""

    def __init__(self, text):
        super().__init__()
        self.links, self.rows, self.headings, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.links += [found[name] for name in ("href", "src") if found.get(name, "#")[:1] != "#"]
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th", "strong") and data.strip():
            self.rows[-1].append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass


def pictures(text):
    (found,) = re.findall(r'<script type="application/json" id="pictures">(.*?)</script>', text, re.S)
    return json.loads(found)


@pytest.fixture(scope="module")
def text(shown):
    return (shown / "index.html").read_text(encoding="utf-8")


def test_nothing_from_elsewhere(text):
    assert [link for link in Page(text).links if not link.startswith("data:")] == []
    assert not re.search(r"url\(|@import|https?://", text)
    assert "default-src 'none'" in text


def test_pictures_are_the_crops_themselves(text, gallery):
    found = pictures(text)
    exhibits = [exhibit for group in page.by_kind(gallery.exhibits).values() for exhibit in group]
    assert found["side"] == 192
    assert len(found["crops"]) == len(exhibits) == 24
    for crop, exhibit in zip(found["crops"], exhibits, strict=True):
        for uri, pixels in zip(crop, exhibit.versions.values(), strict=True):
            with Image.open(BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
                assert np.array_equal(np.asarray(image), pixels)


def test_tables_say_what_was_measured(text, gallery):
    parsed = Page(text)
    exhibits = [exhibit for group in page.by_kind(gallery.exhibits).values() for exhibit in group]
    tables = [parsed.rows[5 * index : 5 * index + 5] for index in range(25)]
    for table, exhibit in zip(tables, exhibits, strict=False):
        assert [row[0] for row in table] == ["version", "bicubic", "Lanczos", "perceptual", "fidelity"]
        for name, row in zip(exhibit.crop.figures, table[1:], strict=True):
            figures = exhibit.crop.figures[name]
            assert row[1:3] == [f"{figures.psnr_y:.2f}", f"{figures.ssim_y:.4f}"]
        assert table[1][3:] == ["not measured: weights missing"] * 2
    rows = [crop.figures["fidelity"].psnr_y for crop in gallery.record.crops]
    assert tables[24][4][1] == f"{np.mean(rows):.2f}"


def test_names_are_text_and_faults_are_told(text, gallery):
    assert "<b>broken &lt;b&gt;&amp;.png</b>" in text
    assert [one for one in Page(text).headings if "Faces" in one]
    crop = gallery.record.crops[0]
    evil = '<script>alert("1")</script>'
    renamed = msgspec.structs.replace(crop, picture=msgspec.structs.replace(crop.picture, name=evil))
    other = gallery._replace(exhibits=[gallery.exhibits[0]._replace(crop=renamed)])
    faults = (Fault(name=evil, error="ModelError", reason=evil),)
    record = msgspec.structs.replace(gallery.record, crops=(renamed,), faults=faults, unmeasured={"lpips": evil})
    assert "alert(" not in page.render(other._replace(record=record)).replace("alert(&quot;", "")


def test_equal_and_best_figures(gallery):
    rows = {
        "a": Figures(psnr_y=None, ssim_y=1.0, lpips=0.0, dists=0.2),
        "b": Figures(psnr_y=30.0, ssim_y=0.9, lpips=0.1, dists=0.1),
    }
    crop = msgspec.structs.replace(gallery.record.crops[0], figures=rows)
    record = msgspec.structs.replace(gallery.record, crops=(crop,), unmeasured={})
    text = page.render(gallery._replace(record=record, exhibits=[gallery.exhibits[0]._replace(crop=crop)]))
    assert set(re.findall(r"<strong>(.*?)</strong>", text)) == {"equal", "1.0000", "0.0000", "0.1000"}


def test_means():
    assert page._mean([1.0, 2.0]) == pytest.approx(1.5)
    assert page._mean([1.0, None]) is None
