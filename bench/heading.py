"""The lines above every table of bench/: when, where and by what command its numbers were made."""

import shlex
import sys
from datetime import UTC, datetime

from paragonsr.artifacts.provenance import commit
from paragonsr.evaluate.origin import machine, versions


def show() -> None:
    """Print date, commit, machine, versions and command."""
    here = machine()
    print(f"date      {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}")
    print(f"machine   {here.processor}, {here.cores} cores, {here.system}")
    print(f"versions  {', '.join(f'{name} {number}' for name, number in versions().items())}")
    print(f"command   python {shlex.join(sys.argv)}\n", flush=True)
