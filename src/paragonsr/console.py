"""What people see in a terminal: a progress bar, lines, one-line errors; and the exit codes."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from paragonsr.errors import ParagonError

if TYPE_CHECKING:
    from rich.console import RenderableType

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
_WIDTH = 140


def run(command: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code, after a one-line message where there is one to give. Bugs keep their traceback."""
    try:
        code = command.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ParagonError as error:
        return fail(error)
    except MemoryError as error:
        return fail(error or "there is not enough memory")
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: what is finished stays", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else DONE


def fail(error: Exception | str) -> int:
    """Print one line for an error."""
    click.echo(f"error: {' '.join(str(error).split())}", err=True)
    return FAILED


def show(table: "RenderableType") -> None:
    """Print tables, at least as wide as their figures need: cut to a narrow terminal they could not be read."""
    from rich.console import Console

    terminal = Console()
    terminal.width = max(terminal.width, _WIDTH)
    terminal.print(table)


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Around imports: says which extra to install when a library of it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("paragonsr"):
            raise
        raise ParagonError(f"this needs {error.name}: pip install 'paragonsr[{extra}]'") from error


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Inside, Ctrl+C waits for the next call of the function given, which then raises KeyboardInterrupt.

    Raised anywhere else it could be lost: Python drops exceptions in callbacks from C, such as those of the codecs.
    A second Ctrl+C does not wait.
    """
    asked = False

    def ask(_: int, __: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


def one_by_one(paths: Iterable[Path]) -> Iterator[Path]:
    """The same; Ctrl+C waits for the next of them, see `stoppable`."""
    with stoppable() as check:
        for path in paths:
            check()
            yield path
        check()


@contextmanager
def progress(total: int, text: str) -> Iterator[Callable[[int], None]]:
    """A bar with the time left on the terminal, nothing elsewhere; gives a function to call with each advance."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=total)
        yield lambda amount: bar.advance(task, amount)
