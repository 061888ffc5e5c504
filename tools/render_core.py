"""The generated parts about what the core decides, and what it tells of: rules, permits, faults ...

Knows: which of the core's tables people read, and in which words.
Refuses to know: the owner's settings (``render_settings.py``), and where a part stands.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

from render_markdown import attribute_docs, code, codes, table
from transitions.extensions import GraphMachine

from vehicle.core import permit
from vehicle.core.consent import EVIDENCE, NEEDED, Evidence
from vehicle.core.events_told import EVENTS
from vehicle.core.ladder import LADDERS, Rung, words_of
from vehicle.core.lifecycle import TRANSITIONS
from vehicle.core.names import Demand, FaultName, PinState, Proof
from vehicle.core.permit import PERMITS, Grip
from vehicle.core.policy import OWNER, SAFETY
from vehicle.core.rule import Rule
from vehicle.core.situation import SIGNALS_BEHIND, Situation
from vehicle.core.words import CHARGE_WORDS, FAULT_WORDS
from vehicle.wire.profile import list_profiles, load_profile


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


BLOCKS = (rules, situation, consent, permits, lifecycle, faults, steps, events)
"""What writes each part; a part is called as its function is."""
