"""The core's words as frames to send, and any message of a profile written or read in full.

Knows: how a command, a status and the wake frame are written, and each message's counter and
checksum. Refuses to know: when to send, and everything the profile's ``[transmit]`` does not name.

``Sender`` is what the product sends with: it can write nothing but the profile's three messages.
``Encoder`` and ``Decoder`` write and read any message of the DBC; they are the other side of the
bus, for the simulator, for playback and for tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from vehicle.wire.dbc import DbcMessage
from vehicle.wire.fields import Field
from vehicle.wire.findings import WireError, did_you_mean
from vehicle.wire.frame import CLASSIC_BYTES_MAX, Frame
from vehicle.wire.layout import MessageSpec, ProtectionSpec, SentMessage
from vehicle.wire.loaded import Profile
from vehicle.wire.protection import Code, Protection, code_of
from vehicle.wire.secoc import Signer


class _Counter:
    """One sent message's protection and its running counter."""

    def __init__(self, spec: ProtectionSpec) -> None:
        self._code: Code = code_of(spec)
        self._next = 0

    def protect(self, payload: bytearray) -> None:
        """Write the next counter, and the checksum over everything."""
        self._code.protect(payload, self._next)
        self._next = (self._next + 1) % (self._code.counter_max + 1)


def _frame(spec: MessageSpec | DbcMessage, payload: bytearray, channel: str) -> Frame:
    fd = len(payload) > CLASSIC_BYTES_MAX
    return Frame(spec.can_id, bytes(payload), channel, spec.extended, fd)


Said = tuple[str, *tuple[str | bool, ...]]
"""A kind of message and what it says."""


class Sender:
    """Writes the command, status and wake frames that a profile allows."""

    def __init__(self, profile: Profile, channel: str = "") -> None:
        """Prepare for one profile; the frames say they are for ``channel``."""
        self._profile = profile
        self._channel = channel
        self._payloads: dict[Said, bytes] = {}
        """What was written before, without counter and checksum. The words are few, and the same
        ones are sent again and again."""
        self._counters = {
            kind: _Counter(sent.spec.protection)
            for kind, sent in profile.transmit.items()
            if sent.spec.protection is not None
        }

    def can(self, kind: str) -> bool:
        """Return whether the car takes a ``command``, ``status`` or ``wake`` message."""
        return kind in self._profile.transmit

    def command(
        self,
        latch: str = "none",
        adapter: str = "none",
        permit: str = "none",
        *,
        stop: bool = False,
        heat: bool = False,
    ) -> Frame:
        """Return the next command frame.

        Args:
            latch: how the latch is driven: ``none``, ``engage`` or ``release``.
            adapter: how the adapter lock is driven, in the same words.
            permit: the core's ``Charge``.
            stop: whether the charger is asked to stop.
            heat: whether the inlet is to be heated.

        Raises:
            WireError: a word is unknown, asks something this car has no field for, or the car takes
                no command.
        """
        said = ("command", latch, adapter, permit, stop, heat)
        if said not in self._payloads:
            words = {"latch": latch, "adapter": adapter, "permit": permit}
            words |= {"stop": "yes" if stop else "no", "heat": "yes" if heat else "no"}
            self._payloads[said] = self._payload("command", words)
        return self._next(said)

    def status(self, held: str, latch: str, adapter: str, fault: str = "none") -> Frame:
        """Return the next status frame; a fault without a code of its own is sent as ``other``.

        Args:
            held: ``unknown``, ``empty``, ``nothing``, ``connector``, ``adapter``, ``adapter-only``
                (a connector is there too, and free) or ``all``.
            latch: the core's ``PinState``, or ``not-fitted``.
            adapter: the same, of the adapter lock.
            fault: the core's ``FaultName``, or ``none``.

        Raises:
            WireError: a word is unknown, or the car takes no status.
        """
        said = ("status", held, latch, adapter, fault)
        if said not in self._payloads:
            known = self._sent("status").words.get("fault", {})
            code = fault if fault in known or "other" not in known else "other"
            words = {"held": held, "latch": latch, "adapter": adapter, "fault": code}
            self._payloads[said] = self._payload("status", words)
        return self._next(said)

    def wake(self) -> Frame:
        """Return the wake frame.

        Raises:
            WireError: the car has none.
        """
        if ("wake",) not in self._payloads:
            self._payloads["wake",] = self._payload("wake", {})
        return self._next(("wake",))

    def _sent(self, kind: str) -> SentMessage:
        sent = self._profile.transmit.get(kind)
        if sent is None:
            name = self._profile.name
            raise WireError(f"profile {name} sends no {kind}; add [transmit.{kind}] or ask can()")
        return sent

    def _next(self, said: Said) -> Frame:
        """Return the next frame that says what was written already."""
        kind, payload = said[0], bytearray(self._payloads[said])
        if kind in self._counters:
            self._counters[kind].protect(payload)
        return _frame(self._profile.transmit[kind].spec, payload, self._channel)

    def _payload(self, kind: str, words: Mapping[str, str]) -> bytes:
        sent = self._sent(kind)
        fields = self._profile.dbc.messages[sent.spec.name].fields
        payload = bytearray(sent.spec.length)
        for signal, raw in sent.always.items():
            fields[signal].put(payload, raw)
        for field, word in words.items():
            for signal, raw in self._raw_values(kind, sent, field, word).items():
                fields[signal].put(payload, raw)
        return bytes(payload)

    @staticmethod
    def _raw_values(kind: str, sent: SentMessage, field: str, word: str) -> dict[str, int]:
        choices = sent.words.get(field)
        if choices is None:
            # A car without this field can be told nothing there, and needs not be told nothing.
            if kind == "status" or word in ("none", "no"):
                return {}
            name = sent.spec.name
            raise WireError(f"{name} has no field for {field}, so it cannot say {word}; ask none")
        if word not in choices:
            hint = did_you_mean(word, choices)
            raise WireError(f'{sent.spec.name}: {field} cannot say "{word}"; {hint}')
        return choices[word]


class Encoder:
    """Writes any message of a profile's DBC, with the mapping's counters and checksums."""

    def __init__(self, profile: Profile, channel: str = "", signer: Signer | None = None) -> None:
        """Prepare for one profile; every counter starts at 0.

        ``signer`` writes authentication codes; None: their bits stay 0.
        """
        self._profile = profile
        self._channel = channel
        self._signer = signer
        self._counters = {
            name: _Counter(spec.protection)
            for name, spec in profile.messages.items()
            if spec.protection is not None
        }

    def encode(self, message: str, values: Mapping[str, int | float | str]) -> Frame:
        """Return the message's next frame; signals that are not named are raw 0.

        Args:
            message: its DBC name.
            values: DBC signal -> a raw value (int), a physical one (float), or a label of its value
                table (str).

        Raises:
            WireError: the DBC has no such message, signal or label, or a value does not fit.
        """
        found = self._profile.dbc.messages.get(message)
        if found is None:
            hint = did_you_mean(message, self._profile.dbc.messages)
            raise WireError(f"{self._profile.dbc.path.name} has no message {message}; {hint}")
        payload = bytearray(found.length)
        for signal, value in values.items():
            field = found.fields.get(signal)
            if field is None:
                hint = did_you_mean(signal, found.fields)
                raise WireError(f"message {message} has no signal {signal}; {hint}")
            field.put(payload, _raw(found, field, value))
        if self._signer is not None and message in self._profile.messages:
            self._signer.sign(self._profile.messages[message], payload)
        if message in self._counters:
            self._counters[message].protect(payload)
        return _frame(found, payload, self._channel)


def _raw(message: DbcMessage, field: Field, value: int | float | str) -> int:
    if isinstance(value, str):
        labels = message.choices.get(field.name, {})
        for raw, label in labels.items():
            if label == value:
                return raw
        hint = did_you_mean(value, labels.values())
        raise WireError(f'{field.operand} has no value "{value}"; {hint}')
    if isinstance(value, float):
        raw = field.to_raw(value)
        low, high = field.low, field.high
        if (low is not None and raw < low) or (high is not None and raw > high):
            raise WireError(f"{field.operand}: {value} is outside the DBC's range")
        return raw
    return value


class Decoder:
    """Reads any message of a profile's DBC in full, protection included."""

    def __init__(self, profile: Profile) -> None:
        """Prepare for one profile."""
        self._profile = profile
        self._protections = {
            name: Protection(spec.protection)
            for name, spec in profile.messages.items()
            if spec.protection is not None
        }

    def message_of(self, frame: Frame) -> str | None:
        """Return the frame's message; None if the DBC has none."""
        found = self._profile.dbc.by_id.get((frame.can_id, frame.extended))
        return None if found is None else found.name

    def decode(self, frame: Frame) -> dict[str, int] | None:
        """Return signal -> raw value; None if the frame is not to be believed.

        That is: its message is not in the DBC, it is a remote or error frame, or its checksum or
        counter is wrong. A frame's counter is judged against the one before; a first is believed.
        Signals beyond the frame's end, or on another multiplexer page, are left out.
        """
        name = self.message_of(frame)
        if name is None or frame.remote or frame.error:
            return None
        protection = self._protections.get(name)
        if protection is not None and not protection.feed(frame.data).good:
            return None
        values = {}
        for signal, field in self._profile.dbc.messages[name].fields.items():
            raw = field.raw(frame.data) if field.present(frame.data) else None
            if raw is not None:
                values[signal] = raw
        return values

    def physical(self, message: str, signal: str, raw: int) -> Fraction:
        """Return a raw value in the DBC's unit."""
        return self._profile.dbc.messages[message].fields[signal].physical(raw)
