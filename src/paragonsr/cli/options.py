"""What several commands take."""

from pathlib import Path

import click

PATH = click.Path(path_type=Path)
SIDE = click.IntRange(1, 8192)
THREADS = click.IntRange(1, 1024)
SET = click.option("--set", "overrides", metavar="PATH=VALUE", multiple=True, help="Override a setting; repeatable.")
