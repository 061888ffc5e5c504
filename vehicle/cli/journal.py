"""``chargelock journal``: the running service's latest decisions, and the journal's schema."""

from __future__ import annotations

import json

import click

from vehicle.cli.owner import connected, json_option, print_json, socket_option


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON schema of a line instead.")
@click.option(
    "-n", "--lines", default=40, show_default=True, type=click.IntRange(1, 1_000_000),
    help="How many lines at most.",
)  # fmt: skip
@socket_option
@json_option
def journal(schema: bool, lines: int, socket_path: str, as_json: bool) -> None:
    """Print the last lines of the running service's decision journal, in words.

    With --json the lines themselves. With --schema the JSON schema of such a line, with every name
    that may appear in it; that needs no service.
    """
    if schema:
        from vehicle.runtime.journal_schema import json_schema

        click.echo(json.dumps(json_schema(), indent=2, sort_keys=True))
        return
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("Journal", {"count": lines})
        if as_json:
            for line in told["lines"]:
                print_json(line)
            return
        from vehicle.cli.journal_words import JournalPrinter

        printer = JournalPrinter(client)
        printer.clock(told["now_us"])
        for line in told["lines"]:
            printer.print(line)
