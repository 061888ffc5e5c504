"""Reads a whole mapping file with its DBCs into a profile, and names all that is wrong with it.

Knows: the order in which the parts depend on each other, and what must fit between them. Refuses to
know: how the single parts are written (``mapping``, ``capabilities``), and where profiles live.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vehicle.core.car import Car
from vehicle.core.snapshot import FEEDBACK_SIGNAL, OPTIONAL, SIGNALS
from vehicle.wire.capabilities import add_fitted, read_car, read_transmit
from vehicle.wire.dbc import Dbc
from vehicle.wire.dbc_cache import compile_dbc
from vehicle.wire.fields import Field
from vehicle.wire.findings import Finding, Severity, did_you_mean
from vehicle.wire.layout import Layout, MessageSpec, Variant, degraded
from vehicle.wire.loaded import Profile
from vehicle.wire.mapping import (
    Names,
    read_plausible,
    read_requests,
    read_signals,
    read_sna,
)
from vehicle.wire.message_tables import read_message
from vehicle.wire.position import read_position
from vehicle.wire.rules import Asking, Rows
from vehicle.wire.schema import Document, Table, open_document

SCHEMA = 1
"""The version of the mapping format."""

Signals = dict[str, tuple[Rows, ...]]


def read_profile(path: Path, compiled: Path | None = None) -> tuple[Profile | None, list[Finding]]:
    """Read a mapping file and its DBCs; no profile if anything is an error.

    ``compiled``: the folder where compiled DBCs are kept, if they are.
    """
    document, findings = open_document(path)
    if document is None:
        return None, findings
    root = document.root
    root.integer("schema", SCHEMA, SCHEMA)
    name, title, dbc_name = root.text("name"), root.text("title"), root.text("dbc")
    if name and name != path.stem:
        root.say("name", f'is "{name}", but the file is {path.name}; make them the same')
    sources = root.texts("sources")
    dbc = load_beside(document, root, dbc_name, compiled)
    if dbc is None:
        return None, document.findings
    profile = _Reader(document, root, dbc, compiled).profile(name, title, sources)
    # A table that several variants read anew would have its faults named as often.
    findings = list(dict.fromkeys(document.findings))
    bad = any(finding.severity is Severity.ERROR for finding in findings)
    return (None if bad else profile), findings


def load_beside(document: Document, table: Table, name: str, compiled: Path | None) -> Dbc | None:
    """Load the DBC that ``table`` names; say why if that fails."""
    if not name:
        return None
    path = document.file.parent / name
    if not path.is_file():
        table.say("dbc", f"names {name}, which is not beside this file")
        return None
    dbc, findings = compile_dbc(path, compiled)
    document.findings += findings
    return dbc


class _Reader:
    """Reads the parts of one mapping file that need its DBC."""

    def __init__(self, document: Document, root: Table, dbc: Dbc, compiled: Path | None) -> None:
        self.document = document
        self.compiled = compiled
        self.root = root
        self.dbc = dbc

    def profile(self, name: str, title: str, sources: list[str]) -> Profile:
        root = self.root
        sent = self._sent_names()
        messages = self._messages(self.dbc, sent)
        names = Names(self.dbc, messages, read_sna(root, self.dbc))
        signals, requests = read_signals(names, root), read_requests(names, root)
        transmit = read_transmit(root, self.dbc, messages)
        car, fitted = read_car(root, name, transmit, requests)
        own = add_fitted(root, fitted, signals)
        base = self._layout(names, own, requests)
        variants = tuple(self._variant(table, own, requests) for table in root.tables("variant"))
        mapped = set(own).union(*(variant.layout.signals for variant in variants))
        lacks = tuple(signal for signal in SIGNALS if signal not in mapped | OPTIONAL)
        self._feedback(car, lacks)
        layouts = [base, *(variant.layout for variant in variants)]
        rows_read = {name for layout in layouts for name in layout.messages}
        position = read_position(names, root, rows_read)
        place = set() if position is None else {position.spec.name}
        self._unread(messages, sent | place, layouts)
        words = self._lacks_words(lacks)
        root.close()
        return Profile(
            name=name,
            title=title,
            path=self.document.file,
            sources=tuple(sources),
            car=car,
            dbc=self.dbc,
            layout=degraded(base, variants),
            variants=variants,
            transmit=transmit,
            messages=messages,
            position=position,
            lacks=lacks,
            lacks_words=words,
            notes=tuple(dict.fromkeys(self.document.findings)),
        )

    def _sent_names(self) -> set[str]:
        """Return the DBC names of what is sent, whatever else may be wrong with ``[transmit]``."""
        tables = self.root.data.get("transmit", {})
        found = tables.values() if isinstance(tables, dict) else ()
        return {str(each.get("message")) for each in found if isinstance(each, dict)}

    def _messages(self, dbc: Dbc, sent: set[str]) -> dict[str, MessageSpec]:
        """Read ``[message]`` against one DBC."""
        table = self.root.table("message")
        found = {}
        for name in table.data:
            each = table.table(name)
            message = dbc.messages.get(name)
            if message is None:
                if name in self.dbc.messages:
                    continue  # this variant's DBC lacks a message that the file's own has
                hint = did_you_mean(name, dbc.messages)
                each.say(None, f'"{name}" is no message of {dbc.path.name}; {hint}')
                continue
            found[name] = read_message(each, message, name in sent)
        return found

    def _layout(self, names: Names, signals: Signals, requests: tuple[Asking, ...]) -> Layout:
        """Put a layout together, of the messages that are read."""
        layout = Layout({}, signals, requests, self._energy(names))
        read = {found.message for found in layout.fields}
        specs = names.messages.values()
        counters = {spec.secoc.counter for spec in specs if spec.secoc and spec.name in read}
        # A message that only brings freshness forward is read for the sake of the others.
        read |= {spec.name for spec in specs if spec.secoc and spec.secoc.counter in counters}
        messages = {name: spec for name, spec in names.messages.items() if name in read}
        return replace(layout, messages=messages)

    def _energy(self, names: Names) -> Field | None:
        table = self.root.table("energy")
        found = None
        if table.data:
            found = names.operand(table, "signal", table.text("signal"))
            if found is not None and found.unit != "Wh":
                table.say("signal", f'is in "{found.unit}" by its DBC; map one in Wh')
        table.close()
        return found

    def _variant(self, table: Table, own: Signals, requests: tuple[Asking, ...]) -> Variant:
        """Read one ``[[variant]]``; with another DBC everything is read anew against that."""
        name = table.text("name")
        dbc = self.dbc
        if table.has("dbc"):
            dbc = load_beside(self.document, table, table.text("dbc"), self.compiled) or dbc
        names = Names(dbc, self._messages(dbc, self._sent_names()), read_sna(self.root, dbc))
        if dbc is not self.dbc:
            fitted = {s: rows for s, rows in own.items() if s not in self.root.table("signal").data}
            own = fitted | read_signals(names, self.root)
            requests = read_requests(names, self.root)
        signals = own | read_signals(names, table)
        if table.has("request"):
            requests = read_requests(names, table)
        plausible = read_plausible(names, table)
        table.close()
        layout = self._layout(names, signals, requests)
        checked = {found.message for check in plausible for found in check.fields}
        messages = {n: s for n, s in names.messages.items() if n in checked}
        return Variant(name, layout, plausible, messages | layout.messages)

    def _feedback(self, car: Car, lacks: tuple[str, ...]) -> None:
        """A pin with feedback must have a signal that tells it."""
        for actuator, signal in FEEDBACK_SIGNAL.items():
            if car.pin(actuator).feedback and signal in lacks:
                table = self.root.table("car").table(actuator)
                text = f"is true, but no [[signal.{signal}]] tells it; map it, or write false"
                table.say("feedback", text)

    def _unread(
        self, messages: dict[str, MessageSpec], sent: set[str], layouts: list[Layout]
    ) -> None:
        """A declared message that nothing reads is not watched either; say so."""
        read = sent.union(*(layout.messages for layout in layouts))
        for name in messages:
            if name not in read:
                text = "is declared, but no row reads it, so it is ignored"
                self.root.table("message").say(name, text, note=True)

    def _lacks_words(self, lacks: tuple[str, ...]) -> dict[str, str]:
        table = self.root.table("lacks")
        found = {}
        for signal in table.data:
            found[signal] = table.text(signal)
            if signal not in SIGNALS:
                table.say(signal, f"is not a signal; {did_you_mean(signal, SIGNALS)}")
            elif signal not in lacks:
                table.say(signal, "is not lacking: it has a source; remove this line")
        return found
