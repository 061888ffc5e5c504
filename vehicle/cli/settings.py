"""``chargelock settings``: show, explain, set and unset the owner's choices, or take a preset.

Knows: the subcommands and their options. Refuses to know: keys, values and their consequences;
``Settings`` and the service do; and how they are told (``settings_words``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from vehicle.cli.console import TOLD, named_lines, show, width
from vehicle.cli.owner import connected, json_option, print_json, socket_option
from vehicle.cli.settings_words import explained, listed, rehearsed


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


def _complete_preset(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the presets that go on as ``begun``, with what they are for."""
    from vehicle.core.presets import PRESETS

    return [
        CompletionItem(each.name, help=each.says) for each in PRESETS if each.name.startswith(begun)
    ]


_when_option = click.option(
    "--when",
    metavar="CIRCUMSTANCE",
    help="Only then: place=home, supply=dc, cable=own, adapter=yes, cabin=empty, hours=22-6;"
    " several with commas between.",
)


@click.group()
def settings() -> None:
    """Show and change the owner's choices."""


# ---- reading ------------------------------------------------------------------------------------


@settings.command("show")
@click.argument("key", required=False, shell_complete=_complete_key)
@socket_option
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Say of each what it does and what fits.")
def show_(key: str | None, socket_path: str, as_json: bool, verbose: bool) -> None:
    """List the settings as they hold now, and where each comes from: you, the vendor, an override.

    With KEY, say what it does and what fits as well.
    """
    told = _asked(key, socket_path, as_json)
    if as_json:
        print_json(told)
        return
    show(list(listed(told, width(), verbose=verbose or key is not None)))


@settings.command("explain")
@click.argument("key", shell_complete=_complete_key)
@socket_option
@json_option
def explain(key: str, socket_path: str, as_json: bool) -> None:
    """Say of one setting what it does, what fits, what it is now, and why."""
    told = _asked(key, socket_path, as_json)
    if as_json:
        print_json(told)
        return
    show(list(explained(key, told, width())))


def _asked(key: str | None, socket_path: str, as_json: bool) -> Mapping[str, Any]:
    """Return all settings, or what concerns ``key``; ends the command where there is none such."""
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("GetSettings")
        if key is None:
            return told
        client.call("PreviewSetting", {"key": key, "value": None})  # names a key like it
    return {
        **told,
        "settings": {key: told["settings"][key]},
        "effective": {key: told["effective"][key]},
        "overrides": [each for each in told["overrides"] if each["key"] == key],
    }


@settings.command("try")
@click.option("--place", metavar="PLACE", help="home, work or away.")
@click.option("--supply", metavar="KIND", help="ac or dc.")
@click.option("--cable", metavar="WHOSE", help="own or tethered.")
@click.option("--adapter", metavar="YES|NO", help="Whether an adapter is between.")
@click.option("--cabin", metavar="STATE", help="empty or occupied.")
@click.option("--hour", "hours", metavar="HOUR", help="The hour of the day, 0 to 23.")
@click.option("--temperature", metavar="STATE", help="cold or mild.")
@click.option("--board-supply", metavar="STATE", help="The 12 V supply: good, low or too-low.")
@click.option("--limit-a", type=click.IntRange(1, 1000), help="What an AC supply offers.  [16]")
@socket_option
@json_option
def try_(socket_path: str, as_json: bool, **given: Any) -> None:
    """Say what would be decided in a thought-up circumstance. Touches nothing.

    What you do not name is unknown, and no override applies because of it.
    """
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("TrySettings", given)
    if as_json:
        print_json(told)
    else:
        show(list(rehearsed(told, width())))


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


# ---- changing -----------------------------------------------------------------------------------


@settings.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key", shell_complete=_complete_key)
@click.argument("value", shell_complete=_complete_value)
@click.argument("also", nargs=-1, metavar="[KEY VALUE]...")
@_when_option
@click.option("--preview", is_flag=True, help="Say what it would give up, and change nothing.")
@socket_option
@json_option
def set_(
    key: str,
    value: str,
    also: tuple[str, ...],
    when: str | None,
    preview: bool,
    socket_path: str,
    as_json: bool,
) -> None:
    """Set one setting, or several at once. They hold from now on, and through a power cut.

    With --when it holds in that circumstance only; where several fit, the narrower one comes first.
    A choice that protects less is allowed, and says what it gives up. Every change is recorded.
    """
    method = "PreviewSetting" if preview else "SetSetting"
    if len(also) % 2:
        raise click.UsageError(f"{also[-1]} has no value; give each KEY its VALUE")
    further = dict(zip(also[::2], also[1::2], strict=True))
    given = {"key": key, "value": value, "when": when, "also": further}
    _change(method, given, socket_path, as_json)


@settings.command("unset")
@click.argument("key", shell_complete=_complete_key)
@_when_option
@click.option("--preview", is_flag=True, help="Say what it would give up, and change nothing.")
@socket_option
@json_option
def unset(key: str, when: str | None, preview: bool, socket_path: str, as_json: bool) -> None:
    """Go back to the vendor's value of one setting, or to the default.

    With --when, take away the override for exactly that circumstance.
    """
    if preview:
        given = {"key": key, "value": None, "when": when}
        _change("PreviewSetting", given, socket_path, as_json)
    else:
        _change("UnsetSetting", {"key": key, "when": when}, socket_path, as_json)


@settings.command("preset")
@click.argument("name", required=False, shell_complete=_complete_preset)
@click.option("--preview", is_flag=True, help="Say what it would change, and change nothing.")
@socket_option
@json_option
def preset(name: str | None, preview: bool, socket_path: str, as_json: bool) -> None:
    """Choose all settings at once by NAME; without it, list the presets.

    Whatever the preset does not name goes back to the vendor's value or the default, overrides
    included.
    """
    if name is not None:
        method = "PreviewPreset" if preview else "TakePreset"
        _change(method, {"name": name}, socket_path, as_json)
        return
    from vehicle.core.presets import PRESETS

    if as_json:
        print_json({each.name: {"says": each.says, **each.wishes} for each in PRESETS})
        return
    for each in PRESETS:
        show([each.name, *named_lines("", each.says, width())])


def _change(method: str, given: Mapping[str, Any], socket_path: str, as_json: bool) -> None:
    with connected(socket_path, as_json=as_json) as client:
        told = client.call(method, given)
    if as_json:
        print_json(told)
        return
    would = "would be" if method.startswith("Preview") else "is now"
    lines = []
    for change in told["changes"]:
        if change["key"] != "overrides":
            lines.append(f"{change['key']} {would} {change['becomes']}")
            continue
        was, becomes = (_split(change[when]) for when in ("was", "becomes"))
        lines += [f"gone: {each}" for each in was if each not in becomes]
        lines += [f"{each.replace('=', f' {would} ', 1)}" for each in becomes if each not in was]
    if not told["changes"]:
        lines.append("nothing changes: it is so already")
    for sentence in told["gives_up"]:
        lines += named_lines("gives up", sentence, width(), TOLD)
    show(lines)


def _split(overrides: str) -> list[str]:
    return overrides.split("; ") if overrides else []
