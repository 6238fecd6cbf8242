"""The command line."""

from paragonsr.cli.commands import cli, main

__all__ = ["cli", "main"]
