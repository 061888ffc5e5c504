"""``chargelock journal``: the journal's schema."""

from __future__ import annotations

import json

import click

from vehicle.runtime.journal import json_schema


@click.command()
@click.option("--schema", is_flag=True, required=True, help="Print the JSON schema of a line.")
def journal(schema: bool) -> None:
    """Print the JSON schema of the decision journal, with every name that may appear in it."""
    click.echo(json.dumps(json_schema(), indent=2, sort_keys=True))
