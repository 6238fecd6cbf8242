"""Which files become which: plans made before any work, so that no file is lost and no name meets another."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paragonsr.errors import InputError, MissingInputError, OutputError, OutputExistsError
from paragonsr.imaging.formats import SUFFIXES
from paragonsr.runtime.job import Job


@dataclass(frozen=True)
class Plan:
    """What to do, and what not to do, each with the reason."""

    jobs: tuple[Job, ...]
    skipped: tuple[tuple[Path, str], ...]


def plan(
    inputs: Sequence[Path], output: Path | None, *, scale: int, suffix: str | None = None, overwrite: bool = False
) -> Plan:
    """Plan the enlargement of files and (recursively) folders.

    Results are called `<stem>_2x<suffix>` (the number is `scale`; the suffix is `suffix`, or the source's)
    and lie beside their sources, or under the folder `output` in the tree of the folder given. For a single file
    `output` may be a file name: it is one when it has a picture's suffix and is not a folder.

    With one file, a result that is there already is refused (OutputExistsError) unless `overwrite`. With a folder or
    several inputs such results, and files that are results of others, are skipped, so that the same command goes on
    after a stop. Raises MissingInputError for inputs that are not there or hold no picture, and OutputError when two
    sources have one target or a target is an input.
    """
    many = len(inputs) > 1 or inputs[0].is_dir()
    if not many:
        return _plan_one(inputs[0], output, scale, suffix, overwrite)
    if output is not None and (output.is_file() or (output.suffix.lower() in SUFFIXES and not output.is_dir())):
        raise OutputError(f"{output}: is one file, but there are several pictures to enlarge; name a folder")
    jobs: dict[Path, Job] = {}
    skipped: list[tuple[Path, str]] = []
    for source, place in _sources(inputs, output):
        original = _original(source, scale)
        target = place / _name(source, scale, suffix)
        if original is not None:
            skipped.append((source, f"is the result of {original.name}"))
        elif target.exists() and not overwrite:
            skipped.append((source, f"{target} is already there"))
        else:
            jobs.setdefault(source.resolve(), Job(source, target))
    _check_targets(jobs, [path for path in inputs if path.is_file()])
    return Plan(tuple(jobs.values()), tuple(dict.fromkeys(skipped)))


def _plan_one(source: Path, output: Path | None, scale: int, suffix: str | None, overwrite: bool) -> Plan:
    """The plan for a single file."""
    _check_there(source)
    target = source.parent if output is None else output
    if target.is_dir() or target.suffix.lower() not in SUFFIXES:
        target /= _name(source, scale, suffix)
    _check_targets({source.resolve(): Job(source, target)}, [source])
    if target.exists() and not overwrite:
        raise OutputExistsError(f"{target}: is already there; give another name with -o, or --overwrite")
    return Plan((Job(source, target),), ())


def _sources(inputs: Sequence[Path], output: Path | None) -> Iterator[tuple[Path, Path]]:
    """Each picture file, and the folder its result belongs in."""
    for path in inputs:
        _check_there(path)
        if not path.is_dir():
            yield path, output or path.parent
            continue
        found = False
        for source in _pictures(path, output):
            found = True
            yield source, source.parent if output is None else output / source.parent.relative_to(path)
        if not found:
            raise MissingInputError(f"{path}: holds no picture ({', '.join(sorted(SUFFIXES))})")


def _pictures(folder: Path, output: Path | None) -> Iterator[Path]:
    """Pictures in a folder and below, sorted; without hidden ones and without what lies in the output folder."""

    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename}: cannot be searched for pictures: {error.strerror}") from error

    results = None if output is None or output.resolve() == folder.resolve() else output.resolve()
    for name, folders, files in os.walk(folder, onerror=refuse):
        here = Path(name)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and (here / f).resolve() != results)
        yield from (here / f for f in sorted(files) if not f.startswith(".") and Path(f).suffix.lower() in SUFFIXES)


def _original(source: Path, scale: int) -> Path | None:
    """The picture beside `source` that it is the result of, told by their names."""
    stem = source.stem.removesuffix(f"_{scale}x")
    if stem == source.stem:
        return None
    beside = (source.with_name(stem + suffix) for suffix in (source.suffix, *sorted(SUFFIXES)))
    return next((path for path in beside if path.is_file()), None)


def _name(source: Path, scale: int, suffix: str | None) -> str:
    """`<stem>_2x<suffix>`; PNG for what can be read but not written."""
    own = source.suffix if source.suffix.lower() in SUFFIXES else ".png"
    return f"{source.stem}_{scale}x" + (suffix or own)


def _check_there(path: Path) -> None:
    if not path.exists():
        raise MissingInputError(f"{path}: there is no such file or folder")


def _check_targets(jobs: dict[Path, Job], named: Sequence[Path]) -> None:
    """OutputError when a target is an input (found or named) or the target of another."""
    inputs = jobs.keys() | {path.resolve() for path in named}
    targets: dict[str, Job] = {}
    for job in jobs.values():
        place = job.target.resolve()
        if place in inputs:
            raise OutputError(f"{job.target}: is an input and would be overwritten; choose another output with -o")
        other = targets.setdefault(os.path.normcase(place), job)
        if other is not job:
            raise OutputError(
                f"{other.source} and {job.source} would both become {job.target}; enlarge them one at a time, "
                "or leave --format out"
            )
