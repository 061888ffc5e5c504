"""``chargelock settings``: show, set and unset the owner's choices.

Knows: how settings are listed, and that a weaker choice is told before it is regretted.
Refuses to know: keys, values and their consequences; ``Settings`` and the service do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from vehicle.cli.console import TOLD, named_lines, show, width
from vehicle.cli.owner import connected, json_option, print_json, socket_option


def _complete_key(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the keys that go on as ``begun``, with their help."""
    from vehicle.core.settings_told import described

    return [
        CompletionItem(each.key, help=each.help)
        for each in described()
        if each.key.startswith(begun)
    ]


def _complete_value(ctx: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the values of the key that stands before."""
    from vehicle.core.settings_told import described

    values = {each.key: each.choices for each in described()}
    fitting = values.get(ctx.params.get("key", ""), ())
    return [CompletionItem(value) for value in fitting if value.startswith(begun)]


@click.group()
def settings() -> None:
    """Show and change the owner's choices."""


@settings.command("show")
@click.argument("key", required=False, shell_complete=_complete_key)
@socket_option
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Say of each what it does and what fits.")
def show_(key: str | None, socket_path: str, as_json: bool, verbose: bool) -> None:
    """List the settings in force; with KEY, say what it does and what fits."""
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("GetSettings")
        if key is not None:
            client.call("PreviewSetting", {"key": key, "value": None})  # names a key like it
            told = {**told, "settings": {key: told["settings"][key]}}
    if as_json:
        print_json(told)
        return
    show(list(_table(told, width(), verbose=verbose or key is not None)))


def _table(told: Mapping[str, Any], columns: int, *, verbose: bool) -> Iterator[str]:
    values = told["settings"]
    key_width = max(map(len, values))
    for key, value in values.items():
        yield f"{key:<{key_width}}  {value:<15} {_origin(key, told)}".rstrip()
        if verbose:
            yield from _described(key, columns)
    for note in told["notes"]:
        yield from named_lines("note", note, columns, TOLD)


def _origin(key: str, told: Mapping[str, Any]) -> str:
    for who, words in (("owner", "yours"), ("vendor", "the vendor's")):
        if key in told[who]:
            below = told["vendor"].get(key) if who == "owner" else None
            without = below or told["defaults"].get(key)
            return f"{words}; otherwise {without}"
    return ""


def _described(key: str, columns: int) -> Iterator[str]:
    from vehicle.core.settings_told import described

    for each in described():
        if each.key == key:  # a newer service may have others
            yield from named_lines("", each.help, columns)
            yield from named_lines("fits", each.fits, columns)
            for value, gives_up in each.gives_up.items():
                yield from named_lines(value, f"gives up: {gives_up}", columns, TOLD)


@settings.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key", shell_complete=_complete_key)
@click.argument("value", shell_complete=_complete_value)
@click.option("--preview", is_flag=True, help="Say what it would give up, and change nothing.")
@socket_option
@json_option
def set_(key: str, value: str, preview: bool, socket_path: str, as_json: bool) -> None:
    """Set one setting. It holds at once, and through a power cut.

    A choice that protects less is allowed, and says what it gives up. Every change is recorded.
    """
    method = "PreviewSetting" if preview else "SetSetting"
    _change(method, {"key": key, "value": value}, socket_path, as_json)


@settings.command("unset")
@click.argument("key", shell_complete=_complete_key)
@click.option("--preview", is_flag=True, help="Say what it would give up, and change nothing.")
@socket_option
@json_option
def unset(key: str, preview: bool, socket_path: str, as_json: bool) -> None:
    """Go back to the vendor's value of one setting, or to the default."""
    if preview:
        _change("PreviewSetting", {"key": key, "value": None}, socket_path, as_json)
    else:
        _change("UnsetSetting", {"key": key}, socket_path, as_json)


def _change(method: str, given: Mapping[str, Any], socket_path: str, as_json: bool) -> None:
    with connected(socket_path, as_json=as_json) as client:
        told = client.call(method, given)
    if as_json:
        print_json(told)
        return
    key = given["key"]
    would = "would be" if method == "PreviewSetting" else "is now"
    lines = [f"{key} {would} {told['settings'][key]}"]
    for sentence in told["gives_up"]:
        lines += named_lines("gives up", sentence, width(), TOLD)
    show(lines)


@settings.command("path")
@socket_option
@json_option
def path(socket_path: str, as_json: bool) -> None:
    """Print where the owner's settings are kept; --json: the vendor's and the record, too."""
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("GetSettings")
    if as_json:
        print_json(told["paths"])
    else:
        click.echo(told["paths"]["owner"])
