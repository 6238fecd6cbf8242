"""A curation for the terminal."""

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from paragonsr.curate.summary import Summary

_SHOWN = 10  # photographs that gave nothing, each with its reason


def table(summary: Summary) -> Group:
    """What was lost at each gate, and which photographs gave nothing."""
    photos = f"{len(summary.photographs):,} photographs, {summary.tiles:,} tiles"
    config = summary.config
    judges = f"statistics {config.statistics}, technical {config.technical}, aesthetic {config.aesthetic}"
    rows = Table(title=photos, title_justify="left", caption=f"judged by: {judges}", caption_justify="left")
    rows.add_column("rejected for", no_wrap=True)
    for heading in ("tiles", "left"):
        rows.add_column(heading, justify="right")
    for loss in summary.losses:
        rows.add_row(loss.words, f"{loss.tiles:,}", f"{loss.left:,}")
    rows.add_section()
    givers = sum(photo.kept > 0 for photo in summary.photographs)
    rows.add_row(f"kept, of {givers:,} photographs", "", f"{summary.kept:,}", style="bold")
    return Group(rows, *_notes(summary))


def _notes(summary: Summary) -> list[Text]:
    notes: list[Text] = []
    if summary.unscored:
        notes.append(Text(f"{summary.unscored:,} tiles wait for a score: run `paragonsr curate run` again", "yellow"))
    refused = [photo for photo in summary.photographs if photo.reason]
    if refused:
        reasons = ", ".join(f"{count} {reason}" for reason, count in summary.refused().items())
        notes.append(Text(f"{len(refused):,} photographs gave nothing: {reasons}", "red"))
    notes += [Text(f"  {escape(photo.name)}: {photo.reason}, {photo.detail}") for photo in refused[:_SHOWN]]
    if len(refused) > _SHOWN:
        notes.append(Text("  ... all of them are in manifest.parquet"))
    return notes
