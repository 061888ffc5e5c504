"""``chargelock completion``: the shells' scripts, and putting them in place.

Knows: where each shell looks for a completion. Refuses to know: what is completed; click does.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from vehicle.cli.console import fail

_NAME = "chargelock"


def _below(variable: str, otherwise: str) -> Path:
    """Return the folder that ``variable`` names, as the XDG base directories say."""
    return Path(os.environ.get(variable) or Path.home() / otherwise)


_PLACES: dict[str, Callable[[], Path]] = {
    "bash": lambda: _below("XDG_DATA_HOME", ".local/share") / f"{_NAME}/completion.bash",
    "fish": lambda: _below("XDG_CONFIG_HOME", ".config") / f"fish/completions/{_NAME}.fish",
    "zsh": lambda: _below("XDG_DATA_HOME", ".local/share") / f"{_NAME}/completion.zsh",
}
"""Shell -> where its script goes."""

_STARTS: dict[str, tuple[Callable[[], Path], str]] = {
    "bash": (lambda: Path.home() / ".bashrc", ""),
    "zsh": (
        lambda: Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc",
        "(( $+functions[compdef] )) || { autoload -Uz compinit; compinit; }; ",
    ),
}
"""Shell -> its start file, which names the script, and what comes before. Zsh looks nowhere by
itself, and bash only where the package bash-completion is installed and switched on."""


@click.command()
@click.argument("shell", type=click.Choice(sorted(_PLACES)))
@click.option("--install", is_flag=True, help="Put it where the shell looks for it.")
def completion(shell: str, install: bool) -> None:
    """Print the script that completes chargelock's commands, settings and values in a SHELL.

    With --install it is put in place, for your user; the next shell that you open has it.
    """
    from vehicle.cli.main import main

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(main, {}, _NAME, f"_{_NAME.upper()}_COMPLETE").source()
    if not install:
        click.echo(script)
        return
    try:
        path = _install(shell, script)
    except OSError as error:
        fail(f"{error.filename}: cannot be written ({error.strerror}); print the script instead", 1)
    click.echo(f"{path}\nOpen a new shell to use it.")


def _install(shell: str, script: str) -> Path:
    """Write the script, and name it in the shell's start file, once. Raises OSError."""
    path = _PLACES[shell]()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script + "\n", encoding="utf-8")
    if shell in _STARTS:
        place, before = _STARTS[shell]
        start, line = place(), f"{before}source {shlex.quote(str(path))}  # {_NAME} completion"
        known = start.read_text(encoding="utf-8") if start.exists() else ""
        if line not in known:
            with start.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n")
    return path
