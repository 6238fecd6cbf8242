"""The page's HTML; what moves in it is `page.js`."""

from collections.abc import Callable
from html import escape
from importlib.resources import files
from io import BytesIO
from statistics import fmean

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paragonsr import __version__
from paragonsr.artifacts.document import data_uri, document
from paragonsr.evaluate.showcase.choice import Kind
from paragonsr.evaluate.showcase.gallery import Exhibit, Gallery
from paragonsr.evaluate.showcase.record import Figures, Showcase

KINDS: dict[Kind, tuple[str, str]] = {
    "face": ("Faces", "People see a wrong face before anything else: skin stays skin, eyes stay alike."),
    "lines": ("Fine lines", "Stripes, hair, lettering: thin things must not break, double or grow halos."),
    "texture": ("Foliage and texture", "Detail in every direction: should be neither mush nor invented needles."),
    "gradient": ("Smooth gradients", "Nothing should happen here: no bands, no speckle, no drift of colour."),
    "difference": ("Where models differ most", "Whatever it shows, the models disagree about it."),
}
"""What each kind of crop is called, in the order of the page, and what to look for."""

_COLUMNS: tuple[tuple[str, str, str, Callable[..., float]], ...] = (
    ("psnr_y", "PSNR-Y", ".2f", max),
    ("ssim_y", "SSIM-Y", ".4f", max),
    ("lpips", "LPIPS", ".4f", min),
    ("dists", "DISTS", ".4f", min),
)
_INPUTS = {"card": "the card’s validation halves", "bicubic": "clean bicubic halves"}


def render(gallery: Gallery) -> str:
    """The whole page, pictures in it, lossless."""
    record, groups = gallery.record, by_kind(gallery.exhibits)
    exhibits = [exhibit for group in groups.values() for exhibit in group]
    parts = (
        _head(record, groups),
        _tools(record),
        f"<main>{_sections(record, groups)}</main>",
        _foot(record),
        f'<script type="application/json" id="pictures">{_pictures(record, exhibits)}</script>',
        f"<script>{_asset('page.js')}</script>",
    )
    return document(f"Showcase: {_names(record)}", "\n".join(parts), style=_asset("page.css"))


def by_kind(exhibits: list[Exhibit]) -> dict[Kind, list[Exhibit]]:
    """The exhibits of each kind there is, in the order of `KINDS`: so the page and its sheets show them."""
    groups: dict[Kind, list[Exhibit]] = {
        kind: [exhibit for exhibit in exhibits if exhibit.crop.kind == kind] for kind in KINDS
    }
    return {kind: group for kind, group in groups.items() if group}


def _head(record: Showcase, groups: dict[Kind, list[Exhibit]]) -> str:
    pictures = len({crop.picture.sha256 for crop in record.crops})
    links = "".join(
        f'<a href="#{kind}">{KINDS[kind][0]} <span>{len(group)}</span></a>' for kind, group in groups.items()
    )
    faults = "".join(f"<li><b>{escape(fault.name)}</b> {escape(fault.reason)}</li>" for fault in record.faults)
    missing = f'<section class="faults"><h2>Not shown</h2><ul>{faults}</ul></section>' if faults else ""
    return f"""<header class="top">
<p class="eyebrow">Showcase, {escape(record.date[:10])}</p>
<h1>{escape(_names(record))}</h1>
<p class="lead">{len(record.crops)} crops of {pictures} photographs, made twice as large. Nobody picked them: of each
kind the program takes the places where the models differ most. The inputs are {_inputs(record.low)}.</p>
<nav aria-label="Kinds of crops">{links}</nav>
</header>{missing}"""


def _inputs(low: str) -> str:
    return _INPUTS.get(low) or f"the small pictures of {escape(low)}, of faces that are not there the card’s halves"


def _tools(record: Showcase) -> str:
    left, right = "bicubic", record.models[0].name
    gains = "".join(f'<option value="{gain}"{" selected" * (gain == 4)}>× {gain}</option>' for gain in (1, 2, 4, 8, 16))
    return f"""<div class="tools" role="region" aria-label="What is compared"><div class="bar">
<div class="pair"><label class="side is-left"><span>Left</span>{_select("left", record, left)}</label>
<button type="button" id="swap" aria-label="Swap left and right" title="Swap (X)">⇄</button>
<label class="side is-right"><span>Right</span>{_select("right", record, right)}</label></div>
<div class="modes" role="group" aria-label="View">
<button type="button" data-mode="slide" aria-pressed="true" title="S">Slider</button>
<button type="button" data-mode="all" aria-pressed="false" title="A">All</button>
<button type="button" data-mode="difference" aria-pressed="false" title="D">Difference</button></div>
<label class="gain"><span>Gain</span><select id="gain">{gains}</select></label>
<div class="zoom" role="group" aria-label="Zoom">
<button type="button" id="out" aria-label="Zoom out" title="−">−</button>
<output id="level" aria-label="Magnification">1×</output>
<button type="button" id="in" aria-label="Zoom in" title="+">+</button></div>
<details class="keys"><summary aria-label="Keyboard and gestures">?</summary>
<div><dl>{_keys(record)}</dl></div></details>
</div></div>
<noscript><p class="lead">The slider needs JavaScript; the sheets beside this file show the same crops without it.</p>
</noscript>"""


def _keys(record: Showcase) -> str:
    keys = (
        ("drag", "move the divider; move the picture when zoomed in"),
        ("← →", "move the divider (of the crop in focus)"),
        ("Shift ← → ↑ ↓", "move the picture"),
        ("Ctrl wheel, pinch", "zoom where you point; double click: in and out"),
        ("+ − 0", "zoom in, out, all of it"),
        (f"1 to {len(record.shown)}", "choose the right version; with Shift the left one"),
        ("X", "swap the two"),
        ("F", "hold it to see the left version only: what moves is what differs"),
        ("S A D", "slider, all versions, difference"),
        ("J K", "next crop, the one before"),
    )
    return "".join(f"<div><dt>{key}</dt><dd>{words}</dd></div>" for key, words in keys)


def _select(name: str, record: Showcase, chosen: str) -> str:
    options = "".join(
        f"<option{' selected' if version == chosen else ''}>{escape(version)}</option>" for version in record.shown
    )
    return f'<select id="{name}">{options}</select>'


def _sections(record: Showcase, groups: dict[Kind, list[Exhibit]]) -> str:
    parts, number = list[str](), 0
    for kind, group in groups.items():
        cards = list[str]()
        for exhibit in group:
            number += 1
            cards.append(_card(record, exhibit, number))
        title, words = KINDS[kind]
        parts.append(
            f'<section id="{kind}" aria-labelledby="{kind}-title"><h2 id="{kind}-title">{title}</h2><p>{words}</p>'
            f'<div class="crops">{"".join(cards)}</div></section>'
        )
    return "".join(parts)


def _card(record: Showcase, exhibit: Exhibit, number: int) -> str:
    crop = exhibit.crop
    name = escape(crop.picture.name)
    return f"""<article class="crop" id="crop-{number}" aria-labelledby="name-{number}">
<div class="surface" tabindex="0" role="group" aria-label="Crop {number} of {len(record.crops)}">
<div class="stage"><div class="panes"><div class="pane is-left"><img alt="" draggable="false"></div>
<div class="pane is-right"><img alt="" draggable="false"></div></div>
<input type="range" min="0" max="100" value="50" aria-label="Divider of crop {number}">
<div class="rule" aria-hidden="true"><i></i></div><b class="tag is-left"></b><b class="tag is-right"></b></div>
<div class="wall" hidden></div></div>
<div class="words"><h3 id="name-{number}">{name}</h3>
<p>{crop.side} × {crop.side} at {crop.left}, {crop.top} · models {crop.difference:.2f}/255 apart</p></div>
{_table(crop.figures, record.unmeasured, f"Figures of crop {number}")}
</article>"""


def _table(figures: dict[str, Figures], unmeasured: dict[str, str], caption: str) -> str:
    """Rows of versions, the best figure of each column set off."""
    columns = [[getattr(row, key) for row in figures.values()] for key, *_ in _COLUMNS]
    heads = "".join(f'<th scope="col">{title} {"↑" if best is max else "↓"}</th>' for _, title, _, best in _COLUMNS)
    rows = list[str]()
    for index, name in enumerate(figures):
        cells = ""
        for (key, _, form, best), values in zip(_COLUMNS, columns, strict=True):
            if key in unmeasured:
                cells += _missing(unmeasured[key], len(figures)) if index == 0 else ""
                continue
            value = values[index]
            known = [one for one in values if one is not None]
            wins = value is None or (None not in values and value == best(known))
            text = "equal" if value is None else format(value, form)
            cells += f"<td>{f'<strong>{text}</strong>' if wins else text}</td>"
        rows.append(f'<tr data-version="{escape(name)}"><th scope="row">{escape(name)}</th>{cells}</tr>')
    return (
        f'<div class="figures"><table><caption>{caption}</caption><thead><tr><th scope="col">version</th>{heads}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _missing(reason: str, rows: int) -> str:
    return f'<td class="missing" rowspan="{rows}">not measured: {escape(reason)}</td>'


def _foot(record: Showcase) -> str:
    models = "".join(
        f"<li><b>{escape(model.name)}</b> {escape(model.file.name)}, {model.file.bytes:,} bytes, "
        f"{escape(model.provider)}<br><code>{model.file.sha256}</code></li>"
        for model in record.models
    )
    packages = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    mean = _table(means(record), record.unmeasured, "Means over the crops") if record.crops else ""
    return f"""<footer>
<h2>Means over these crops</h2>
<p>They were chosen to show differences, so their means measure nothing else: figures of whole pictures are what
<code>paragonsr evaluate</code> prints. LPIPS is the version with AlexNet; for it and DISTS less is better.</p>
{mean}
<details><summary>How this was made</summary><ul>{models}</ul>
<p>{escape(record.date)}, commit {escape(record.commit)}, {record.seconds:.0f} s on {escape(record.machine.processor)},
{record.machine.cores} cores, {escape(record.machine.system)}. {escape(packages)}.</p></details>
<p>paragonsr {__version__}. The astronaut is Eileen Collins, NASA, public domain.</p></footer>"""


def means(record: Showcase) -> dict[str, Figures]:
    """The mean of each version's figures over all crops; None where one of them is."""
    rows = [crop.figures for crop in record.crops]
    return {
        name: Figures(
            psnr_y=_mean([row[name].psnr_y for row in rows]),
            ssim_y=fmean(row[name].ssim_y for row in rows),
            lpips=_mean([row[name].lpips for row in rows]),
            dists=_mean([row[name].dists for row in rows]),
        )
        for name in rows[0]
    }


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def _names(record: Showcase) -> str:
    *most, last = (model.name for model in record.models)
    return f"{', '.join(most)} and {last}" if most else last


def _pictures(record: Showcase, exhibits: list[Exhibit]) -> str:
    """Each crop's versions as data URIs, in the order of the versions; no `<` in it, so that it can stand in HTML."""
    crops = [[data_uri("image/webp", webp(exhibit.versions[name])) for name in record.shown] for exhibit in exhibits]
    return msgspec.json.encode({"side": record.crops[0].side if crops else 1, "crops": crops}).decode()


def webp(pixels: NDArray[np.uint8]) -> bytes:
    """Lossless WebP, a quarter smaller than PNG; more effort would save 4 % and take five times as long."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, "WEBP", lossless=True, quality=20, method=2)
    return content.getvalue()


def _asset(name: str) -> str:
    return files("paragonsr").joinpath("evaluate", "showcase", name).read_text(encoding="utf-8")
