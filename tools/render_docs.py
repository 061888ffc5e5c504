"""Writes the generated parts of the documentation again, from the code that runs.

Knows: what stands between ``<!-- generated: NAME -->`` and ``<!-- /generated -->`` for each NAME.
Refuses to know: the prose around it, which people write.

    python tools/render_docs.py            write
    python tools/render_docs.py --check    exit 1 where a document says something else than the code
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import click
from click.testing import CliRunner
from transitions.extensions import GraphMachine

from vehicle.cli.main import main as command_line
from vehicle.core import permit
from vehicle.core.car import Actuator, Car
from vehicle.core.circumstance import Circumstance
from vehicle.core.consent import EVIDENCE, NEEDED, Evidence
from vehicle.core.events_told import EVENTS
from vehicle.core.ladder import LADDERS, Rung, words_of
from vehicle.core.lifecycle import TRANSITIONS
from vehicle.core.names import Demand, FaultName, PinState, Proof
from vehicle.core.permit import PERMITS, Grip
from vehicle.core.policy import OWNER, SAFETY
from vehicle.core.presets import PRESETS, Preset
from vehicle.core.rehearsal import MOMENT_WORDS, Moment, rehearse
from vehicle.core.rule import Rule
from vehicle.core.settings import LESS, MORE, SINGLE, Mode, Settings, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.settings_told import described
from vehicle.core.signals import Supply
from vehicle.core.situation import SIGNALS_BEHIND, Situation
from vehicle.core.words import CHARGE_WORDS, FAULT_WORDS
from vehicle.replay.corpus.rows import columns
from vehicle.runtime.demo_actions import ACTIONS
from vehicle.runtime.journal_schema import json_schema
from vehicle.wire.profile import Profile, list_profiles, load_profile

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "SAFETY.md")
LAYERS = ("core", "wire", "runtime", "replay", "cli")
"""Innermost first, as the arrows point."""

BEGIN = re.compile(r"<!-- generated: ([\w-]+) -->\n")
END = "<!-- /generated -->"
HELP_COLUMNS = 80
PROSE_COLUMNS = 105


class DocumentError(ValueError):
    """A document's markers cannot be followed. The message names the file, line and marker."""


# ---- Markdown -----------------------------------------------------------------------------------


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table; a ``|`` within a cell is escaped."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def code(word: object) -> str:
    """Return ``word`` as Markdown code, and an empty string as it is."""
    return f"`{word}`" if str(word) else ""


def codes(words: Iterable[object]) -> str:
    """Return ``words`` as Markdown code, with commas between."""
    return ", ".join(code(word) for word in words)


# ---- the core's tables --------------------------------------------------------------------------


def rules() -> str:
    """Return the policy's rules in their order, with the line below which settings count."""
    heads = ("no.", "rule", "latch", "adapter lock", "in words", "looks at")
    line = ("", "**the owner's settings count from here on**", "", "", "", "")
    owner = (_rule(number, rule) for number, rule in enumerate(OWNER, len(SAFETY) + 1))
    safety = (_rule(number, rule) for number, rule in enumerate(SAFETY, 1))
    return table(heads, [*safety, line, *owner])


def _rule(number: int, rule: Rule) -> tuple[object, ...]:
    reads = codes(rule.reads) or "nothing"
    return (number, code(rule.name), _want(rule.latch), _want(rule.adapter), rule.sentence, reads)


def _want(demand: Demand | None) -> str:
    return "no opinion" if demand is None else str(demand)


def situation() -> str:
    """Return the fields that the rules look at, their values and the signals behind them."""
    kinds = get_type_hints(Situation)
    return table(
        ("field", "values", "folded from"),
        (
            (code(name), codes(kinds[name]), codes(behind) or "memory and requests")
            for name, behind in SIGNALS_BEHIND.items()
        ),
    )


def consent() -> str:
    """Return what a request to release needs, for each source and what its message proves."""
    heads = ("asked by", "not over the bus", "proven by the car's key", "only checksum and counter")
    proofs = (Proof.LOCAL, Proof.AUTHENTIC, Proof.INTACT)
    return table(
        heads,
        (
            (code(source), *(_evidence(row[proof]) for proof in proofs))
            for source, row in NEEDED.items()
        ),
    )


def _evidence(needed: tuple[Evidence, ...] | None) -> str:
    if needed is None:
        return "never"
    return ", ".join(EVIDENCE[each][0].__doc__ or "" for each in needed) or "nothing more"


def permits() -> str:
    """Return the charge permit for each way a connector is held and each supply."""
    words = attribute_docs(Path(permit.__file__), Grip.__name__)
    heads = ("how it is held", "meaning", "AC supply", "DC supply", "supply unknown", "no supply")
    return table(
        heads,
        (
            (
                code(grip),
                words[grip.name],
                *(CHARGE_WORDS[charge] for charge in (row.ac, row.dc, row.unknown, row.none)),
            )
            for grip, row in PERMITS.items()
        ),
    )


def attribute_docs(path: Path, class_name: str) -> dict[str, str]:
    """Return the string below each assignment in a class: what people read about a member."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = next(
        node.body
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name == class_name
    )
    found = {}
    for named, below in pairwise(body):
        if isinstance(named, ast.Assign) and isinstance(below, ast.Expr):
            assert isinstance(named.targets[0], ast.Name)
            found[named.targets[0].id] = " ".join(ast.literal_eval(below.value).split())
    return found


def lifecycle() -> str:
    """Return a pin's lifecycle as the state machine library draws it, without its colours."""
    machine = GraphMachine(
        model=SimpleNamespace(),
        states=PinState,
        transitions=TRANSITIONS,
        initial=PinState.UNKNOWN,
        auto_transitions=False,
        graph_engine="mermaid",
        show_conditions=True,
    )
    source = machine.get_combined_graph().source  # type: ignore[attr-defined]
    arrows = [line.strip() for line in source.splitlines() if "-->" in line]
    drawn = "".join(f"  {arrow}\n" for arrow in ["direction LR", *arrows])
    return f"```mermaid\nstateDiagram-v2\n{drawn}```\n"


def faults() -> str:
    """Return every fault with its words and the names of its steps."""
    rows = (
        (code(name), FAULT_WORDS[name], ", ".join(code(rung) for rung in LADDERS[name]))
        for name in FaultName
    )
    return table(("fault", "meaning", "what the owner can do"), rows)


def steps() -> str:
    """Return every step with its words, for each of the cars that differ in them."""
    cars = {name: load_profile(name).car for name in list_profiles()}
    rows = []
    for rung in Rung:
        said: dict[str, list[str]] = {}
        for name, car in cars.items():
            said.setdefault(words_of(rung, car), []).append(code(name))
        for words, names in said.items():
            if words:
                rows.append((code(rung), "all" if len(said) == 1 else ", ".join(names), words))
    return table(("step", "cars", "in words"), rows)


def events() -> str:
    """Return every event with how grave it is, its words and what the owner can do."""
    rows = (
        (code(name), told.severity, told.sentence, told.advice) for name, told in EVENTS.items()
    )
    return table(("event", "severity", "meaning", "what the owner can do"), rows)


# ---- settings -----------------------------------------------------------------------------------


def settings() -> str:
    """Return every setting with its values, default and help."""
    rows = (
        (
            code(each.key),
            each.fits if not each.choices else codes(each.choices),
            code(each.default),
            each.help,
        )
        for each in described()
    )
    return table(("setting", "values", "default", "meaning"), rows)


def _choice_of(key: str, value: str) -> str:
    return f"{code(key)} {value}" if value in (LESS, MORE) else code(f"{key} = {value}")


def modes() -> str:
    """Return when each mode holds an AC cable, as the policy decides it, and who knows it."""
    moments = [moment for moment in Moment if moment is not Moment.GRACE_OVER]
    rows = []
    owners = [
        Settings(latch_mode=mode, waiting_counts=counts) for mode in Mode for counts in Toggle
    ]
    for owner in owners:
        circumstance = Circumstance(supply=Supply.AC)
        rehearsed = rehearse(Car(), owner, circumstance).moments
        held = {each.moment for each in rehearsed if each.state is PinState.ENGAGED}
        known = [
            preset.like for preset in PRESETS if preset.like and _in_mode(preset) == _waits(owner)
        ]
        if owner.waiting_counts is Toggle.OFF and not known:
            continue
        marks = ("held" if moment in held else "free" for moment in moments)
        rows.append((codes(_waits(owner)), *marks, ", ".join(known)))
    return table(("mode", *(MOMENT_WORDS[each] for each in moments), "known from"), rows)


def _waits(owner: Settings) -> tuple[str, ...]:
    """Return the mode, and that a wait does not count where it does not."""
    counts = owner.waiting_counts is Toggle.ON
    return (owner.mode(Actuator.LATCH), *(() if counts else ("waiting-counts = off",)))


def _in_mode(preset: Preset) -> tuple[str, ...]:
    return _waits(parse(preset.wishes))


def presets() -> str:
    """Return every preset with what it is for and what it sets."""
    rows = (
        (
            code(each.name),
            each.says,
            ", ".join(code(f"{key} = {value}") for key, value in each.wishes.items())
            or "all as it comes",
        )
        for each in PRESETS
    )
    return table(("preset", "what it is for", "what it sets"), rows)


def prices() -> str:
    """Return, for each choice that protects less, what it gives up."""
    rows = (
        (_choice_of(key, value), price)
        for key, each in SINGLE.items()
        for value, price in each.metadata["gives_up"].items()
    )
    return table(("choice", "what it gives up"), rows)


# ---- around the core ----------------------------------------------------------------------------


def journal() -> str:
    """Return the kinds of journal lines with their keys, from the schema."""
    rows = []
    for line in json_schema()["oneOf"]:
        keys = [key for key in line["required"] if key not in ("kind", "t")]
        rows.append((code(line["title"]), codes(keys)))
    return table(("kind", "keys besides `t` and `kind`"), rows)


def profiles() -> str:
    """Return every shipped profile: whether its car can be commanded, and what it cannot tell."""
    rows = []
    for name in list_profiles():
        profile = load_profile(name)
        sends = "yes" if "command" in profile.transmit else "no"
        variants = codes(profile.variant_names) or "one"
        rows.append((code(name), profile.title, variants, sends, _lacks(profile) or "nothing"))
    return table(("profile", "car", "software versions", "commands", "what it lacks"), rows)


def _lacks(profile: Profile) -> str:
    """Return the lacking signals, those with the same reason together."""
    together: dict[str, list[str]] = {}
    for signal in profile.lacks:
        together.setdefault(profile.lacks_words.get(signal, ""), []).append(signal)
    return "; ".join(
        codes(lacking) + (f": {why}" if why else "") for why, lacking in together.items()
    )


def keys() -> str:
    """Return the keys of the demonstration, as one paragraph."""
    told = "; ".join(f"{code(action.key)} {action.says}" for action in ACTIONS)
    return textwrap.fill(f"Keys: {told}; {code('q')} quit.", PROSE_COLUMNS) + "\n"


def rooms() -> str:
    """Return every module with the first sentence of its docstring."""
    rows = []
    for layer in LAYERS:
        for path in sorted((ROOT / "vehicle" / layer).rglob("*.py")):
            if path.name != "__init__.py":
                doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
                rows.append((code(path.relative_to(ROOT / "vehicle")), first_sentence(doc)))
    return table(("room", "in one line"), rows)


def first_sentence(doc: str) -> str:
    """Return a docstring's first sentence, as Markdown."""
    paragraph = " ".join(doc.split("\n\n")[0].split())
    return paragraph.split(". ")[0].removesuffix(".").replace("``", "`") + "."


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


def corpus() -> str:
    """Return the columns of a corpus's summary."""
    units = {"words": "text", "count": "whole number", "time": "whole number, us", "seconds": "s"}
    rows = ((code(name), units[kind], meaning) for name, kind, meaning in columns())
    return table(("column", "type", "meaning"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    block.__name__: block
    for block in (
        rules,
        situation,
        consent,
        permits,
        lifecycle,
        faults,
        steps,
        events,
        settings,
        modes,
        presets,
        prices,
        journal,
        corpus,
        profiles,
        keys,
        rooms,
        commands,
    )
}
"""Name in the marker -> what writes the block."""


# ---- documents ----------------------------------------------------------------------------------


def render(text: str, where: str) -> str:
    """Return a document with its generated parts written again; ``where`` names it in errors.

    Raises DocumentError: a marker names no block, or is never closed.
    """
    written, rest = [], text
    while (begin := BEGIN.search(rest)) is not None:
        line = text[: len(text) - len(rest) + begin.start()].count("\n") + 1
        name = begin[1]
        if name not in BLOCKS:
            known = ", ".join(BLOCKS)
            raise DocumentError(f"{where}:{line}: no block is called {name!r}; use one of {known}")
        end = rest.find(END, begin.end())
        if end < 0:
            raise DocumentError(f"{where}:{line}: block {name!r} is never closed; add {END}")
        written += [rest[: begin.end()], "\n", BLOCKS[name](), "\n"]
        rest = rest[end:]
    return "".join(written) + rest


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a document has drifted.")
def main(check: bool) -> None:
    """Write the generated parts of the documentation again."""
    drifted = []
    for name in DOCUMENTS:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        now = render(text, name)
        if now != text:
            drifted.append(name)
            if not check:
                path.write_text(now, encoding="utf-8")
    if drifted and check:
        click.echo(f"error: {', '.join(drifted)} differ from the code; run: make docs", err=True)
        sys.exit(1)
    click.echo(f"written: {', '.join(drifted)}" if drifted else "nothing has changed")


if __name__ == "__main__":
    main()
