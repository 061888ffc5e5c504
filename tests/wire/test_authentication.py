"""Authenticated messages through the translator: with the key, without it, and as a replay."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from random import Random

import pytest
import vehicle.dbc

from vehicle.core.inputs import MessageLost, NotAuthentic, Observed, Requested
from vehicle.core.names import Authenticity, Proof, Request, Source
from vehicle.core.plain import from_plain, to_plain
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.memory import WireMemory
from vehicle.wire.profile import Profile, load_profile
from vehicle.wire.protection import code_of
from vehicle.wire.secoc import Signer, UsedValues, Verifier, mac_of
from vehicle.wire.translator import Translator, WireEvent

KEY = bytes(range(16))
REMOTE = "RemoteRequest"
MS = 1000
GENUINE, FORGED, STALE, UNCHECKED = Authenticity
ASKED = Requested(Request.UNLATCH, Source.REMOTE, Proof.AUTHENTIC)


@cache
def reference() -> Profile:
    return load_profile("reference")


class Car:
    """The telematics unit, and what our translators make of its frames."""

    def __init__(self, profile: Profile | None = None, *, signs: bool = True) -> None:
        self.profile = profile or reference()
        self.encoder = Encoder(self.profile, "can0", Signer(mac_of(KEY)) if signs else None)
        self.judged: list[tuple[int, str, Authenticity]] = []
        self.now_us = 0

    def keyed(self) -> Translator:
        verifier = Verifier(mac_of(KEY), UsedValues())
        return Translator(
            self.profile, judge=verifier.judge, judged=lambda *each: self.judged.append(each)
        )

    def frame(self, asks: str = "None") -> Frame:
        return self.encoder.encode(REMOTE, {"PortRequest": asks})

    def forged(self, asks: str = "Unlatch") -> Frame:
        """The frame that would come next, with a code that was made up."""
        return rewritten(self.frame(asks), lambda data: data[7] ^ 0x5A)

    def feed(self, translator: Translator, *frames: Frame) -> list[WireEvent]:
        events: list[WireEvent] = []
        for frame in frames:
            self.now_us += 100 * MS
            events += translator.feed(self.now_us, frame)
        return [event for event in events if not isinstance(event, Observed)]


def rewritten(frame: Frame, last_byte: object) -> Frame:
    """The same frame with another last byte, whole for the checksum."""
    assert callable(last_byte)
    payload = bytearray(frame.data)
    payload[7] = last_byte(payload)
    protection = reference().messages[REMOTE].protection
    assert protection is not None
    code_of(protection).protect(payload, payload[2])
    return frame._replace(data=bytes(payload))


def test_with_the_key_a_request_is_authentic() -> None:
    car = Car()
    ours = car.keyed()
    assert car.feed(ours, car.frame(), car.frame(), car.frame("Unlatch")) == [ASKED]
    assert [(name, outcome) for _, name, outcome in car.judged] == [(REMOTE, GENUINE)]


def test_without_the_key_the_same_request_is_only_intact() -> None:
    car = Car()
    ours = Translator(car.profile)
    told = car.feed(ours, car.frame(), car.frame(), car.frame("Unlatch"))
    assert told == [Requested(Request.UNLATCH, Source.REMOTE, Proof.INTACT)]


def test_a_forged_frame_changes_nothing_and_says_what_it_asks() -> None:
    car = Car()
    ours = car.keyed()
    car.feed(ours, car.frame(), car.frame())
    told = car.feed(ours, car.forged(), car.forged("Latch"), car.forged("None"))
    assert told == [
        NotAuthentic(REMOTE, FORGED, (Request.UNLATCH,)),
        NotAuthentic(REMOTE, FORGED, (Request.LATCH,)),
        NotAuthentic(REMOTE, FORGED),
    ]
    assert car.feed(ours, car.frame("Unlatch")) == [ASKED]


def test_frames_that_are_not_authentic_keep_no_message_alive() -> None:
    car = Car()
    ours = car.keyed()
    car.feed(ours, car.frame(), car.frame())
    lost_us = car.now_us + 2_500 * MS
    car.feed(ours, *[car.forged() for _ in range(20)])
    assert ours.fire(lost_us - 1) == []
    assert ours.fire(lost_us)[0] == MessageLost(REMOTE)


def test_while_a_try_has_to_wait_nothing_is_told_and_nothing_is_believed() -> None:
    car = Car()
    ours = car.keyed()
    car.feed(ours, car.frame(), car.frame(), *[car.forged() for _ in range(4)])
    assert car.feed(ours, car.frame("Unlatch")) == []
    assert car.judged[-1][2] is UNCHECKED
    car.now_us += 1_000 * MS
    assert car.feed(ours, car.frame(), car.frame("Unlatch")) == [ASKED]


def test_a_request_is_as_good_as_the_weakest_of_its_messages(tmp_path: Path) -> None:
    folder = Path(vehicle.dbc.__file__).parent
    shutil.copy(folder / "chargelock.dbc", tmp_path)
    text = (folder / "reference.toml").read_text(encoding="utf-8")
    alone = '{ "RemoteRequest.PortRequest" = 2 }'
    assert text.count(alone) == 1
    both = '{ "RemoteRequest.PortRequest" = 2, "KeyState.KeyZone" = 3 }'
    (tmp_path / "reference.toml").write_text(text.replace(alone, both), encoding="utf-8")
    car = Car(load_profile(tmp_path / "reference.toml"))
    ours = car.keyed()
    near = [car.encoder.encode("KeyState", {"KeyZone": "Near"}) for _ in range(2)]
    told = car.feed(ours, *near, car.frame(), car.frame(), car.frame("Unlatch"))
    assert told == [Requested(Request.UNLATCH, Source.REMOTE, Proof.INTACT)]


def test_the_freshness_message_is_read_though_nothing_but_freshness_is_in_it() -> None:
    car = Car()
    assert (0x248, False) in car.profile.receive_ids
    ours = car.keyed()
    for _ in range(300):
        car.frame()  # sent while nobody listened
    car.feed(ours, car.encoder.encode("FreshnessState", {}))
    assert car.feed(ours, car.frame(), car.frame(), car.frame("Unlatch")) == [ASKED]


def test_a_reset_forgets_the_outcome_and_the_next_frame_tells_it_anew() -> None:
    car = Car()
    ours = car.keyed()
    car.feed(ours, car.frame(), car.frame())
    ours.reset()
    car.feed(ours, car.frame(), car.frame())
    assert [outcome for _, _, outcome in car.judged] == [GENUINE, GENUINE]


# ---- without the key, afterwards -----------------------------------------------------------------


def attacked(car: Car, random: Random) -> list[Frame]:
    """Genuine, forged, repeated and old frames in any order."""
    frames, kept = [car.frame()], [car.frame()]
    for _ in range(120):
        asks = random.choice(["None", "Unlatch", "Latch"])
        pick = random.random()
        if pick < 0.5:
            frames.append(car.frame(asks))
            kept.append(frames[-1])
        elif pick < 0.7:
            frames.append(car.forged(asks))
        else:
            frames.append(rewritten(random.choice(kept), lambda data: data[7]))
    return frames


@pytest.mark.parametrize("seed", range(8))
def test_whoever_is_told_the_outcomes_needs_no_key_to_see_the_same(seed: int) -> None:
    """And may take up in the middle, with what was remembered there."""
    random, car = Random(seed), Car()
    ours, theirs = car.keyed(), Translator(car.profile)
    outcomes = set()
    now_us = 0
    for frame in attacked(car, random):
        now_us += random.choice([1, 100 * MS, 3_000 * MS])
        car.judged.clear()
        told = ours.feed(now_us, frame)
        for _, message, outcome in car.judged:
            theirs.hold_for(message, outcome)
            outcomes.add(outcome)
        assert theirs.feed(now_us, frame) == told
        if random.random() < 0.1:
            plain = to_plain(ours.memory(now_us))
            theirs = Translator(car.profile)
            theirs.resume(from_plain(WireMemory, plain), now_us)
    assert {GENUINE, FORGED} <= outcomes


def test_an_outcome_of_a_message_that_is_not_read_is_nothing_to_us() -> None:
    translator = Translator(reference())
    translator.hold_for("NoSuchMessage", GENUINE)
    assert dict(translator.memory(0).messages).keys().isdisjoint({"NoSuchMessage"})
