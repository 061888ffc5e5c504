"""The command ``chargelock``: its subcommands, imported only when they are used.

Knows: the names of the subcommands. Refuses to know: what they do.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from vehicle.cli.console import OutputError, fail, give_output_up, name_output_errors

_COMMANDS = {
    "compare": (
        "vehicle.cli.compare",
        "compare",
        "Replay in two ways, and say what differs.",
    ),
    "completion": ("vehicle.cli.completion", "completion", "Print or install shell completion."),
    "corpus": ("vehicle.cli.corpus", "corpus", "Replay many logs, and gather what they come to."),
    "demo": ("vehicle.cli.demo", "demo", "Play with a simulated car, live."),
    "events": ("vehicle.cli.events", "events", "Print what happened and concerns people."),
    "guest": ("vehicle.cli.guest", "guest", "Let somebody else take the cable, with a code."),
    "journal": ("vehicle.cli.journal", "journal", "Print the decision journal, or its schema."),
    "latch": ("vehicle.cli.pins", "latch", "Hold what is plugged in."),
    "play": ("vehicle.cli.play", "play", "Send a CAN recording onto a bus, in its own time."),
    "place": ("vehicle.cli.place", "place", "Tell where the car stands, and where your zones are."),
    "profile": ("vehicle.cli.profile", "profile", "List and check car profiles."),
    "replay": ("vehicle.cli.replay", "replay", "Replay a CAN recording and explain each decision."),
    "run": ("vehicle.cli.run", "run", "Run the lock manager on a car's buses."),
    "service": ("vehicle.cli.service", "service", "Install or remove the systemd service."),
    "settings": ("vehicle.cli.settings", "settings", "Show and change the owner's choices."),
    "simulate": ("vehicle.cli.simulate", "simulate", "Play a story on a simulated car."),
    "status": ("vehicle.cli.status", "status", "Say what is held, what is not, and what is wrong."),
    "unlatch": ("vehicle.cli.pins", "unlatch", "Stop the charge and release what is plugged in."),
    "watch": ("vehicle.cli.watch", "watch", "Show the status, live."),
    "why": ("vehicle.cli.why", "why", "Say why a pin is held or free, and what would change that."),
}
"""Name -> module, function and one line of help: the help needs none of the modules."""


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are used, so that ``--help`` is quick."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; a full disk behind standard output ends it with one line.

        A reader that went away ends it quietly: click sees to that.
        """
        name_output_errors()
        try:
            return super().main(*args, **kwargs)
        except OutputError as error:
            give_output_up()
            fail(f"standard output cannot be written ({error.strerror}); make room for it")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, function, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in sorted(_COMMANDS)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chargelock")
def main() -> None:
    """Decide when a car's charge-port latch and adapter lock engage, and say why."""
    if not gc.isenabled():  # ``start`` turned it off; by now the command is loaded
        gc.freeze()
        gc.enable()
    if isinstance(sys.stdout, TextIOWrapper):
        # A file name may hold what the terminal's encoding has no letter for.
        sys.stdout.reconfigure(errors="backslashreplace")
