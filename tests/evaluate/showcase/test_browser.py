"""The page in a real browser: pixels on the screen are those of the versions, whatever hand or key is used."""

import numpy as np
import pytest

from paragonsr.evaluate.showcase import page

SHIFT, RIGHT, HOME = "\ue008", "\ue014", "\ue011"
NAMES = ["target", "input", "bicubic", "Lanczos", "perceptual", "fidelity"]


@pytest.fixture
def opened(browser, shown):
    """The page in a window 1300 pixels wide, where a crop is three times as large as it is."""
    browser.size(1300, 900)
    browser.scheme("light")
    browser.open((shown / "index.html").as_uri())
    browser.wait("document.documentElement.dataset.ready")
    return browser


@pytest.fixture
def exhibits(gallery):
    return [exhibit for group in page.by_kind(gallery.exhibits).values() for exhibit in group]


def stage(browser, number, what=".stage"):
    """Bring a crop into the window, wait for its pictures: left, top, width and height of its stage."""
    browser.js(f"document.querySelector('#crop-{number}').scrollIntoView({{block: 'center', behavior: 'instant'}})")
    images = f"[...document.querySelectorAll('#crop-{number} {what} img')]"
    browser.wait(f"{images}.length && {images}.every((image) => image.complete && image.naturalWidth)")
    box = browser.js(f"return document.querySelector('#crop-{number} {what}').getBoundingClientRect().toJSON()")
    return [box[side] for side in ("left", "top", "width", "height")]


def seen(browser, box, ratio=1):
    left, top, width, height = (round(ratio * place) for place in box)
    return browser.picture()[top : top + height, left : left + width].astype(int)


def enlarged(pixels, width):
    times = round(width) // len(pixels)
    return pixels.repeat(times, 0).repeat(times, 1).astype(int)


def same(a, b, *, tolerance=0):
    """Equal but for the upper rows, where the names are, and the lower ones, where corners are round."""
    return np.abs(a[60:-12] - b[60:-12]).max() <= tolerance


def test_light_fast_and_alone(opened, shown):
    """24 crops, 6 versions: under 15 MB, ready within a second, nothing fetched, nothing wrong."""
    assert (shown / "index.html").stat().st_size < 15_000_000
    ready = [opened.js("return +document.documentElement.dataset.ready")]
    for _ in range(2):  # the machine may be busy: the best of three
        if min(ready) > 1000:
            opened.open((shown / "index.html").as_uri())
            ready.append(opened.js("return +document.documentElement.dataset.ready"))
    assert min(ready) < 1000
    assert opened.js("return document.querySelectorAll('.crop').length") == 24
    stage(opened, 24)
    assert opened.requests() == [(shown / "index.html").as_uri()] * len(ready)
    assert opened.log("browser") == []


def test_the_slider_moves_and_shows_the_very_pixels(opened, exhibits):
    box = left, top, width, height = stage(opened, 2)
    assert width == height == 3 * 192
    versions = exhibits[1].versions
    for place in (0.25, 0.7):
        opened.drag((left + width / 2, top + height / 2), (left + place * width, top + height / 3))
        found, border = seen(opened, box), round(place * width)
        assert same(found[:, : border - 32], enlarged(versions["bicubic"], width)[:, : border - 32])
        assert same(found[:, border + 32 :], enlarged(versions["perceptual"], width)[:, border + 32 :])
        assert (versions["bicubic"] != versions["perceptual"]).any()


def test_any_two_versions_by_keys_and_menus(opened, exhibits):
    box = _, _, width, _ = stage(opened, 3)
    opened.js("document.querySelector('#crop-3 input').focus({preventScroll: true})")
    opened.press(HOME)  # the divider at the left border: the right version alone
    for number, name in enumerate(NAMES, start=1):
        opened.press(str(number))
        stage(opened, 3)
        found, wanted = seen(opened, box), enlarged(exhibits[2].versions[name], width)
        assert same(found[:, 30:-4], wanted[:, 30:-4]), name
        assert opened.js("return document.querySelector('#right').value") == name
    opened.press(SHIFT, "1")
    opened.press("x")
    assert opened.js("return [left.value, right.value]") == ["fidelity", "target"]
    named = "return [...document.querySelectorAll('#crop-3 .tag, #crop-3 tr.is-left th')].map((one) => one.textContent)"
    assert opened.js(named) == ["fidelity", "target", "fidelity"]


def test_the_divider_by_arrows(opened):
    stage(opened, 1)
    value = "return +document.querySelector('#crop-1 input').value"
    opened.js("document.querySelector('#crop-1 input').focus({preventScroll: true})")
    opened.press(RIGHT)
    assert opened.js(value) == 51
    opened.js("document.querySelector('#crop-1 .surface').focus({preventScroll: true})")
    opened.press(RIGHT)
    assert opened.js(value) == 53
    assert opened.js("return document.querySelector('#crop-1 input').ariaValueText") == "53 % bicubic"


def test_the_difference(opened, exhibits):
    """Four times the absolute difference of the two."""
    opened.press("d")
    box = _, _, width, _ = stage(opened, 4)
    versions = exhibits[3].versions
    apart = np.abs(versions["bicubic"].astype(int) - versions["perceptual"].astype(int))
    assert same(seen(opened, box), enlarged(np.minimum(4 * apart, 255).astype(np.uint8), width), tolerance=2)
    assert apart.max() > 8
    opened.js("gain.value = '16'; gain.dispatchEvent(new Event('change'))")
    assert same(seen(opened, box), enlarged(np.minimum(16 * apart, 255).astype(np.uint8), width), tolerance=8)


def test_zoom_and_pan_in_step(opened, exhibits):
    """All versions side by side show the same place, which is the one that was asked for."""
    opened.press("a")
    opened.press("+")
    opened.press("+")  # twice as large
    box = stage(opened, 5, ".wall")
    first = opened.js("return document.querySelector('#crop-5 .view').getBoundingClientRect().toJSON()")
    x, y, side = first["left"], first["top"], first["width"]
    opened.drag((x + side / 2, y + side / 2), (x + side / 2 - 400, y + side / 2 + 400))  # to the upper right corner
    views = opened.js(
        "return [...document.querySelectorAll('#crop-5 .view')].map((view) => view.getBoundingClientRect().toJSON())"
    )
    picture = opened.picture().astype(int)
    assert len(views) == 6
    for name, view in zip(NAMES, views, strict=True):
        middle = (round(view["top"] + view["height"] / 2), round(view["left"] + view["width"] / 2))
        wanted = enlarged(exhibits[4].versions[name], 192)[48, 144]
        around = picture[middle[0] - 3 : middle[0] + 4, middle[1] - 3 : middle[1] + 4].reshape(-1, 3)
        assert np.abs(around - wanted).max(1).min() <= 1, name
    transforms = opened.js(
        "return [...document.querySelectorAll('#crop-5 .view img')].map((one) => getComputedStyle(one).transform)"
    )
    assert len(set(transforms)) == 1
    assert box[2] == 3 * 192
    opened.press("0")
    assert opened.js("return document.querySelector('#level').textContent") == "3×"


def test_the_slider_is_panned_when_zoomed_in(opened, exhibits):
    opened.press("+")
    opened.press("+")
    box = left, top, width, _ = stage(opened, 2)
    opened.drag((left + 100, top + 400), (left + 900, top - 90))  # to the lower left corner
    wanted = enlarged(exhibits[1].versions["bicubic"], 2 * width)[round(width) :]
    assert same(seen(opened, box)[:, :250], wanted[:, :250])
    opened.js("document.querySelector('#crop-2 .surface').focus({preventScroll: true})")
    before = opened.js("return document.querySelector('#crop-2').style.getPropertyValue('--x')")
    opened.press(SHIFT, RIGHT)
    assert opened.js("return document.querySelector('#crop-2').style.getPropertyValue('--x')") > before


def test_from_crop_to_crop(opened):
    for _ in range(3):
        opened.press("j")
    assert opened.js("return document.activeElement.closest('.crop').id") == "crop-3"
    opened.press("k")
    assert opened.js("return document.activeElement.closest('.crop').id") == "crop-2"


def test_on_a_phone(browser, shown, exhibits):
    browser.size(390, 844, 3, phone=True)
    try:
        browser.open((shown / "index.html").as_uri())
        browser.wait("document.documentElement.dataset.ready")
        box = left, top, width, _ = stage(browser, 2)
        assert width == 2 * 192
        assert browser.js("return document.documentElement.scrollWidth") <= 390
        browser.drag((left + 190, top + 190), (left + 60, top + 195), touch=True)
        assert browser.js("return +document.querySelector('#crop-2 input').value") == pytest.approx(16, abs=1)
        found, wanted = seen(browser, box, 3), enlarged(exhibits[1].versions["perceptual"], 3 * width)
        # The crop may begin between two pixels of the screen.
        assert any(same(np.roll(found, shift, 0)[100:, 300:], wanted[100:, 300:]) for shift in (-1, 0, 1))
        assert browser.log("browser") == []
    finally:
        browser.size(1300, 900)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["s", "a", "d"])
def test_axe_finds_nothing_serious(opened, axe, scheme, mode):
    opened.scheme(scheme)
    opened.press(mode)
    stage(opened, 1, ".wall" if mode == "a" else ".stage")
    found = opened.axe(axe)
    assert not found, [(one["id"], one["help"], one["nodes"][0]["html"][:120]) for one in found]
