"""The generated part about the command line: the help of every command, as the command prints it.

Knows: how to find every command, and the width of the terminal that its help is shown on.
Refuses to know: what a command does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click
from click.testing import CliRunner

from vehicle.cli.main import main as command_line

HELP_COLUMNS = 80


def commands() -> str:
    """Return the help of every command, as the command prints it."""
    return "\n".join(
        f"#### `{' '.join(words)}`\n\n```text\n{help_of(words[1:])}```\n"
        for words in every_command()
    )


def every_command() -> Iterator[tuple[str, ...]]:
    """Yield every command as the words that call it: ``("chargelock", "profile", "list")``."""
    yield from _below(("chargelock",), command_line)


def _below(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _below((*words, name), child)


def help_of(words: Iterable[str]) -> str:
    """Return what ``chargelock WORDS --help`` prints on a terminal of 80 columns."""
    result = CliRunner().invoke(
        command_line, [*words, "--help"], prog_name="chargelock", terminal_width=HELP_COLUMNS
    )
    if result.exception is not None:
        raise result.exception
    return result.output


BLOCKS = (commands,)
"""What writes each part; a part is called as its function is."""
