"""Looking at a set: the page stands alone and says what the manifest says; so does the table."""

import re
from collections import Counter
from html.parser import HTMLParser

import msgspec
import numpy as np
import pyarrow.parquet as parquet
import pytest
from PIL import Image
from rich.console import Console

from paragonsr.curate import chart, pipeline, report, table
from paragonsr.curate.config import Set
from paragonsr.curate.gates import Gate
from paragonsr.curate.summary import summarise

replace = msgspec.structs.replace


class Page(HTMLParser):
    """What a browser would fetch, and the text of the cells."""

    def __init__(self, text):
        super().__init__()
        self.links, self.images, self.tags, self.cells = [], [], Counter(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags[tag] += 1
        if tag == "img":
            self.images.append(found["src"])
        self.links += [found[name] for name in ("href", "src") if name in found and not found[name].startswith("data:")]

    def handle_data(self, data):
        self.cells.append(data)


@pytest.fixture
def curated(photographs, tmp_path, config, pool):
    evil = "<script>alert(1)</script> & co.png"
    Image.open(photographs / "0.png").resize((300, 300)).save(photographs / evil.replace("/", "_"))
    (photographs / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    bounds = replace(config.bounds, min_contrast=33.0)
    chosen = replace(config, bounds=bounds, set=Set(tiles_per_photo=4))
    pipeline.curate((photographs,), pipeline.plan(chosen, tmp_path / "set"), pool)
    return tmp_path / "set"


def test_the_page_stands_alone(curated, pool):
    text = report.write(curated, summarise(curated), pool).read_text()
    page = Page(text)
    assert page.links == []
    assert not re.search(r"url\(|@import|https?://", text)
    assert page.tags["script"] == 0
    assert all(image.startswith("data:image/jpeg;base64,") for image in page.images)
    assert page.tags["svg"] == 5  # sharpness has two bounds and one histogram


def test_the_page_shows_pictures_of_the_kept_and_of_each_reason(curated, pool):
    summary = summarise(curated)
    text = report.write(curated, summary, pool).read_text()
    reasons = {row["reason"] for row in rows(curated) if row["tile"] and row["verdict"] == "rejected"}
    assert reasons >= {"contrast", "cap"}
    for title in ("Kept", "Best kept", "Worst kept", *(f"Rejected: {reason}" for reason in reasons)):
        assert f"<h2>{title}</h2>" in text
    sheets = {sheet.title: sheet.rows for sheet in report.sheets(summary)}
    for title, places in sheets.items():
        assert 0 < len(places) <= 18
        verdicts = {summary.rows["verdict"][place] for place in places}
        assert verdicts == ({"rejected"} if title.startswith("Rejected") else {"kept"})
    lost = summary.rows["contrast"][sheets["Rejected: contrast"]]
    assert np.all(np.diff(lost) >= 0), "the worst first"
    assert len(Page(text).images) == sum(map(len, sheets.values()))


def test_the_numbers_are_those_of_the_manifest(curated):
    summary, found = summarise(curated), rows(curated)
    tiles = [row for row in found if row["tile"]]
    assert summary.tiles == len(tiles)
    assert summary.kept == sum(row["verdict"] == "kept" for row in tiles)
    lost = Counter(row["reason"] for row in tiles if row["verdict"] == "rejected")
    assert {loss.reason: loss.tiles for loss in summary.losses if loss.tiles} == lost
    assert summary.losses[-1].left == summary.kept
    assert summary.refused() == {"broken": 1}
    assert sum(cut for cut, _ in summary.scales.values()) == summary.tiles
    assert sum(photo.kept for photo in summary.photographs) == summary.kept


def test_the_table_says_the_same(curated):
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(table.table(summarise(curated)))
    text = console.export_text()
    console.file.close()
    summary = summarise(curated)
    assert f"{len(summary.photographs)} photographs, {summary.tiles} tiles" in text
    assert re.search(rf"kept, of \d+ photographs\W+{summary.kept}\b", text)
    assert "statistics none, technical none, aesthetic none" in text
    assert re.search(r"1 photographs? gave nothing: 1 broken", text)
    assert "broken.png: broken" in text


def test_tiles_whose_photographs_are_gone_are_left_out(curated, photographs, pool):
    whole = len(Page(report.write(curated, summarise(curated), pool).read_text()).images)
    (photographs / "1.png").unlink()
    fewer = len(Page(report.write(curated, summarise(curated), pool).read_text()).images)
    assert 0 < fewer < whole


@pytest.mark.parametrize("values", [[], [3.0], [1.0, 1.0, 1.0], list(range(500))])
def test_a_histogram_of_anything(values):
    gate = Gate("soft", "sharpness", +1, 50.0)
    drawn = chart.histogram("sharp<ness", np.array(values, float), [gate])
    assert "sharp&lt;ness" in drawn
    assert ("<rect" in drawn) == bool(values)
    heights = [float(found) for found in re.findall(r"<rect[^>]* height=([\d.]+)", drawn)]
    assert all(0 < height <= 100 for height in heights)
    if len(values) == 500:
        assert f"{450 / 500:.0%} of 500 pass" in drawn
        assert drawn.count("class=fail") < drawn.count("class=pass")


def rows(out):
    return parquet.read_table(out / "manifest.parquet").to_pylist()
