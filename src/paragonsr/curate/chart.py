"""Histograms as SVG."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paragonsr.curate.gates import Gate

_BINS, _WIDTH, _HEIGHT, _BASE = 56, 336, 120, 100


def histogram(name: str, values: NDArray[Any], gates: Sequence[Gate]) -> str:
    """The values under their bounds, from the 1st to the 99th percentile and as far as the bounds; ends hold the rest.

    Bars are coloured by whether their middle passes the gates, which all look at these values.
    """
    if not len(values):
        return f"<div class=chart><b>{escape(name)}</b><span>no scores</span></div>"
    bounds = [gate.bound for gate in gates]
    low, high = min(np.percentile(values, 1), *bounds), max(np.percentile(values, 99), *bounds)
    room = 0.04 * (high - low) or 1.0
    low, high = float(low - room), float(high + room)
    counts, edges = np.histogram(np.clip(values, low, high), _BINS, (low, high))
    passing = np.logical_and.reduce([gate.passes(values) for gate in gates]).mean()
    middles = (edges[1:] + edges[:-1]) / 2
    passes = np.logical_and.reduce([gate.passes(middles) for gate in gates])
    step, tallest = _WIDTH / _BINS, counts.max()
    bars = "".join(
        f"<rect class={'pass' if good else 'fail'} x={index * step:.2f} y={_BASE - tall:.2f} width={step - 1:.2f} "
        f"height={tall:.2f} />"
        for index, (tall, good) in enumerate(zip(counts / tallest * (_BASE - 18), passes, strict=True))
        if tall
    )
    lines = "".join(_bound(gate, (gate.bound - low) / (high - low) * _WIDTH) for gate in gates)
    ends = (
        f"<text x=0 y={_HEIGHT - 8}>{low:.3g}</text><text x={_WIDTH} y={_HEIGHT - 8} text-anchor=end>{high:.3g}</text>"
    )
    axis = f"<line class=axis x1=0 x2={_WIDTH} y1={_BASE} y2={_BASE} />"
    return (
        f"<div class=chart><b>{escape(name)}</b><span>{passing:.0%} of {len(values):,} pass</span>"
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role=img aria-label='histogram of {escape(name)}'>"
        f"{bars}{axis}{lines}{ends}</svg></div>"
    )


def _bound(gate: Gate, x: float) -> str:
    anchor = "end" if x > 0.8 * _WIDTH else "start"
    shift = -4 if anchor == "end" else 4
    sign = "≥" if gate.sense > 0 else "≤"
    return (
        f"<line x1={x:.1f} x2={x:.1f} y1=8 y2={_BASE} />"
        f"<text class=bound x={x + shift:.1f} y=14 text-anchor={anchor}>{sign} {gate.bound:g}</text>"
    )
