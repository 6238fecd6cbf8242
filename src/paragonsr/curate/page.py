"""The page's HTML."""

from html import escape
from typing import NamedTuple

import msgspec
import numpy as np

from paragonsr import __version__
from paragonsr.artifacts.document import document
from paragonsr.artifacts.provenance import commit
from paragonsr.curate.chart import histogram
from paragonsr.curate.summary import Summary

_PHOTOS = 300  # rows of the table of photographs


class Card(NamedTuple):
    """A picture of a sheet: `source` is a data URI, `detail` why it was rejected."""

    source: str
    title: str
    scale: str
    detail: str
    scores: str


class Sheet(NamedTuple):
    """Pictures of one kind."""

    title: str
    words: str
    cards: list[Card]


def render(summary: Summary, sheets: list[Sheet]) -> str:
    """The whole page."""
    parts = (_head(summary), _losses(summary), _charts(summary), *map(_sheet, sheets), _refused(summary))
    body = "\n".join((*parts, _photographs(summary), _foot(summary)))
    return document(f"Curation: {summary.kept:,} of {summary.tiles:,} tiles", body, style=_STYLE)


def _head(summary: Summary) -> str:
    photos, givers = len(summary.photographs), sum(photo.kept > 0 for photo in summary.photographs)
    share = summary.kept / max(summary.tiles, 1)
    figures = (
        (f"{photos:,}", "photographs"),
        (f"{summary.tiles:,}", "tiles cut"),
        (f"{summary.kept:,}", f"kept, {share:.0%}"),
        (f"{givers:,}", "photographs they come from"),
    )
    config = summary.config
    judges = f"{_named(config.statistics)} · technical {config.technical} · aesthetic {config.aesthetic}"
    cells = "".join(f"<div><b>{number}</b><span>{words}</span></div>" for number, words in figures)
    waiting = f"<p class=note>{summary.unscored:,} tiles wait for a score.</p>" if summary.unscored else ""
    return f"<header><h1>Curation</h1><p>Judged by {judges}</p><div class=figures>{cells}</div>{waiting}</header>"


def _named(statistics: str) -> str:
    return "the fast figures" if statistics == "none" else f"the fast figures and {statistics}"


def _losses(summary: Summary) -> str:
    total = max(summary.tiles, 1)
    rows = "".join(
        f"<tr><td>{escape(loss.words)}<td class=n>{loss.tiles:,}"
        f"<td class=bar><i style='left:{loss.left / total:.2%};width:{loss.tiles / total:.2%}' class=lost></i>"
        f"<i style='width:{loss.left / total:.2%}'></i><td class=n>{loss.left:,}"
        for loss in summary.losses
    )
    scales = "".join(
        f"<tr><td>{_scale(name)}<td class=n>{cut:,}<td class=n>{kept:,}<td class=n>{kept / cut:.0%}"
        for name, (cut, kept) in summary.scales.items()
    )
    return f"""<section><h2>Where tiles were lost</h2>
<table class=losses><tr><th>rejected for<th class=n>tiles<th><th class=n>left</tr>{rows}</table>
<h3>By scale</h3>
<table><tr><th>scale<th class=n>cut<th class=n>kept<th class=n>share</tr>{scales}</table></section>"""


def _charts(summary: Summary) -> str:
    drawn: dict[str, str] = {}
    for gate in summary.gates:
        if gate.column not in drawn:
            gates = [other for other in summary.gates if other.column == gate.column]
            values = summary.rows[gate.column]
            drawn[gate.column] = histogram(gate.label, values[np.isfinite(values)], gates)
    return f"<section><h2>How the scores lie</h2><div class=charts>{''.join(drawn.values())}</div></section>"


def _sheet(sheet: Sheet) -> str:
    cards = "".join(
        f"<figure title='{escape(card.scores)}'><img src='{card.source}' alt='' loading=lazy width=192 height=192>"
        f"<figcaption><b>{escape(card.title)}</b><span>{_scale(card.scale)}</span>"
        f"<small>{escape(card.detail)}</small></figcaption></figure>"
        for card in sheet.cards
    )
    return (
        f"<section><h2>{escape(sheet.title)}</h2><p>{escape(sheet.words)}</p><div class=sheet>{cards}</div></section>"
    )


def _refused(summary: Summary) -> str:
    refused = [photo for photo in summary.photographs if photo.reason]
    if not refused:
        return ""
    rows = "".join(
        f"<tr><td>{escape(photo.name)}<td>{escape(photo.reason)}<td>{escape(photo.detail)}"
        for photo in refused[:_PHOTOS]
    )
    counts = ", ".join(f"{count:,} {escape(reason)}" for reason, count in summary.refused().items())
    return f"""<section><h2>Photographs that gave nothing</h2><p>{counts}</p>
<table><tr><th>photograph<th>reason<th>what is known</tr>{rows}</table>{_more(len(refused))}</section>"""


def _photographs(summary: Summary) -> str:
    given = sorted((photo for photo in summary.photographs if not photo.reason), key=lambda photo: -photo.kept)
    rows = "".join(
        f"<tr><td>{escape(photo.name)}<td>{escape(photo.licence or 'none stated')}"
        f"<td class=n>{photo.tiles:,}<td class=n>{photo.kept:,}"
        for photo in given[:_PHOTOS]
    )
    return f"""<section><h2>Photographs</h2>
<table><tr><th>photograph<th>licence<th class=n>tiles<th class=n>kept</tr>{rows}</table>{_more(len(given))}</section>"""


def _more(count: int) -> str:
    return f"<p>and {count - _PHOTOS:,} more, in manifest.parquet</p>" if count > _PHOTOS else ""


def _foot(summary: Summary) -> str:
    settings = msgspec.json.format(msgspec.json.encode(summary.config)).decode()
    return f"""<section><details><summary>Settings</summary><pre>{escape(settings)}</pre></details></section>
<footer>paragonsr {__version__}, commit {escape(commit())}</footer>"""


def _scale(name: str) -> str:
    return "short side to a tile" if name == "fit" else f"{escape(name)} %"


_STYLE = """
h3 { font-size: 1rem; margin: 1.5rem 0 0.25rem; }
p, footer, th, small, figcaption span { color: var(--quiet); }
.note { color: var(--lost); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 0.8rem; margin-top: 1rem; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.9rem 1.1rem; }
.figures b { display: block; font-size: 1.9rem; font-weight: 600; line-height: 1.2; letter-spacing: -0.02em; }
.figures span { color: var(--quiet); }
th, td { padding: 0.35rem 0.8rem 0.35rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { position: relative; width: 45%; padding: 0; }
.bar i { position: absolute; left: 0; top: 28%; height: 44%; background: var(--keep); border-radius: 2px; }
.bar .lost { background: var(--lost); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 0.9rem; }
.chart { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.8rem 1rem 0.4rem; }
.chart b { font-weight: 600; } .chart span { color: var(--quiet); float: right; }
svg { display: block; width: 100%; height: auto; }
svg .pass { fill: var(--keep); } svg .fail { fill: var(--lost); }
svg line { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 3 2; }
svg .axis { stroke: var(--line); stroke-dasharray: none; }
svg text { fill: var(--quiet); font-size: 10px; } svg .bound { fill: var(--ink); }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: 0.8rem; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
figure img { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: cover; }
figcaption { padding: 0.45rem 0.7rem 0.6rem; font-size: 0.78rem; line-height: 1.35; overflow-wrap: anywhere; }
figcaption b { display: block; font-weight: 600; } figcaption small { display: block; }
"""
