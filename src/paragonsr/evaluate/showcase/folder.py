"""A showcase's folder: the page, its record, the sheets."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from paragonsr.artifacts import output
from paragonsr.errors import OutputError, OutputExistsError
from paragonsr.evaluate.showcase import page, record
from paragonsr.evaluate.showcase.gallery import Gallery
from paragonsr.evaluate.showcase.sheet import sheet
from paragonsr.imaging import codec

PAGE, RECORD, SHEETS = "index.html", "showcase.json", "sheets"


def prepare(out: Path, *, overwrite: bool) -> list[Path]:
    """Make the folder, before the long work: what was made for it, to `abandon` if the work fails.

    Raises OutputExistsError when it holds a page, unless `overwrite`.
    """
    new = [path for path in (out / SHEETS, out, *out.parents) if not path.exists()]
    try:
        (out / SHEETS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: this folder cannot be made: {error.strerror}") from error
    there = [path for path in (out / PAGE, out / RECORD, *sorted((out / SHEETS).glob("*.png"))) if path.exists()]
    if there and not overwrite:
        raise OutputExistsError(f"{there[0]} is there already; name another folder or ask to overwrite")
    return new


def abandon(new: Sequence[Path]) -> None:
    """Remove the folders that `prepare` made and nothing was written into."""
    for path in new:
        with suppress(OSError):  # not empty
            path.rmdir()


def write(gallery: Gallery, out: Path, *, overwrite: bool = False) -> list[Path]:
    """Write everything into a folder that `prepare` has made, each file complete when it appears: what was written."""
    models = [model.name for model in gallery.record.models]
    groups = page.by_kind(gallery.exhibits)
    sheets = {"overview": [group[0] for group in groups.values()], **groups}
    made = [out / PAGE, out / RECORD]
    for path, content in zip(made, (page.render(gallery).encode(), record.dumps(gallery.record)), strict=True):
        output.write(path, content)
    for name, shown in sheets.items():
        path = out / SHEETS / f"{name}.png"
        codec.write(path, codec.Picture(sheet(shown, models)), overwrite=overwrite)
        made.append(path)
    for kind in page.KINDS.keys() - groups.keys():
        (out / SHEETS / f"{kind}.png").unlink(missing_ok=True)  # of an earlier showcase, which this one replaces
    return made
