"""The panel gives the figures of LPIPS and DISTS, for large pictures as well, and of several at a time."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from paragonsr.judges import alexnet, dists, lpips, panel, vgg16
from paragonsr.judges.alexnet import AlexNet
from paragonsr.judges.dists import Dists
from paragonsr.judges.lpips import Lpips
from paragonsr.judges.panel import Panel
from paragonsr.judges.vgg16 import Vgg16


@pytest.fixture
def judges(monkeypatch):
    """The three judges with random weights, which the panel gets as well."""
    torch.manual_seed(0)
    vgg = Vgg16()
    made = {
        "alex": Lpips(AlexNet(), lpips.Heads(alexnet.WIDTHS)),
        "vgg": Lpips(vgg, lpips.Heads(vgg16.WIDTHS)),
        "dists": Dists(copy.copy(vgg), dists.Heads()),
    }
    made["dists"].vgg.pool = dists.hanning
    for judge in made.values():
        judge.eval().requires_grad_(False)
    torch.nn.init.uniform_(made["dists"].heads.beta)
    monkeypatch.setattr(lpips, "load", lambda name: copy.deepcopy(made[name]))
    monkeypatch.setattr(dists, "load", lambda: copy.deepcopy(made["dists"]))
    return made


def picture(height, width, seed):
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (6, 6, 3), np.uint8)).resize((width, height), 3)
    return np.clip(np.asarray(coarse) + draw.normal(0, 12, (height, width, 3)), 0, 255).astype(np.uint8)


def plain(judges, target, version):
    """The figures as the judges give them for whole pictures."""
    x, y = (torch.from_numpy(one.copy()).permute(2, 0, 1)[None].float() / 255 for one in (version, target))
    with torch.no_grad():
        return [float(judge(x, y)) for judge in judges.values()]


@pytest.mark.parametrize("size", [(31, 47), (70, 100)])
def test_figures_are_those_of_the_judges(judges, size):
    target, near, far = (picture(*size, seed) for seed in (0, 1, 2))
    found = Panel(("lpips_alex", "lpips_vgg", "dists"))(target, [near, far, target])
    for index, version in enumerate((near, far)):
        assert [found[name][index] for name in panel.FILES] == pytest.approx(plain(judges, target, version), rel=1e-4)
    assert [found[name][2] for name in panel.FILES] == pytest.approx([0, 0, 0], abs=1e-6)
    for name in panel.FILES:
        assert Panel([name])(target, [near])[name] == pytest.approx(found[name][:1], rel=1e-5)


def test_windows_change_nothing(judges, monkeypatch):
    """Of a picture that is cut in both ways, with sides that are no multiple of anything."""
    target, near = picture(171, 283, 0), picture(171, 283, 1)
    monkeypatch.setattr(panel, "_SIDE", 8)
    assert len(list(panel.windows(171, 283))) == 6
    found = Panel(("lpips_alex", "lpips_vgg", "dists"))(target, [near])
    assert [found[name][0] for name in panel.FILES] == pytest.approx(plain(judges, target, near), rel=1e-4)


@given(st.integers(31, 5000), st.integers(31, 5000))
def test_windows_part_the_picture(height, width):
    """Each place once; no window much larger than 1024 and what is around it."""
    area = 0
    for core, window in panel.windows(height, width):
        assert {side % 16 for span in core for side in span} == {0}
        assert window.rows.length <= 1024 + 2 * 112 + 32
        area += core.area
    assert area == -(-height // 16) * 16 * (-(-width // 16) * 16)


def test_threads_at_once(judges):
    """Two pictures at a time: the same figures."""
    target, near = picture(64, 64, 0), picture(64, 64, 1)
    jury = Panel(["lpips_vgg"])
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: jury(target, [near]), range(4)))
    assert both == [both[0]] * 4
