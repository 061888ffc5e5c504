"""Authentication codes and freshness: what was made with the key, once, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicle.core.names import Authenticity
from vehicle.core.patience import WAIT_MAX_US
from vehicle.wire.fields import Field
from vehicle.wire.layout import MessageSpec, ProtectionSpec, SecocSpec
from vehicle.wire.protection import code_of
from vehicle.wire.secoc import (
    FRESHNESS_BYTES,
    SecocMissingError,
    Signer,
    UsedValues,
    Verifier,
    mac_of,
)

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
GENUINE, FORGED, STALE, UNCHECKED = Authenticity


def message(name: str, shown: int, data_id: int, protection: ProtectionSpec | None) -> MessageSpec:
    secoc = SecocSpec(
        data_id, Field(name, "Freshness", 36 - shown, shown), Field(name, "Authenticator", 36, 28)
    )
    return MessageSpec(name, 0x240, False, 8, "main", None, None, protection, secoc)


P05 = ProtectionSpec("e2e-p05", data_id=0x2401)
REQUEST = message("Request", 8, 0x2401, P05)
STATE = message("State", 36, 0x2481, None)


class Sender:
    """The car's side: signs, then writes counter and checksum around it."""

    def __init__(self, first: int = 0) -> None:
        self.signer = Signer(mac_of(KEY))
        self.signer.next["main"] = first
        self._counter = count()

    def frame(self, spec: MessageSpec = REQUEST, asks: int = 2) -> bytes:
        payload = bytearray(8)
        if spec is REQUEST:
            payload[3] = asks
        self.signer.sign(spec, payload)
        if spec.protection is not None:
            code_of(spec.protection).protect(payload, next(self._counter) % 256)
        return bytes(payload)


def verifier(used: int | None = None) -> Verifier:
    values = UsedValues()
    if used is not None:
        values.use("main", used)
    return Verifier(mac_of(KEY), values)


# ---- the code -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "code"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
    ],
)
def test_the_code_is_aes_cmac(size: int, code: str) -> None:
    """The examples of NIST SP 800-38B, appendix D.1."""
    content = bytes.fromhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
    )
    assert mac_of(KEY)(content[:size]).hex() == code


def test_the_code_covers_data_id_payload_and_the_whole_freshness_value() -> None:
    """Written down once by hand, so that another implementation can be compared with it."""
    data = Sender(0x1234).frame()
    content = (
        b"\x24\x01" + bytes([0, 0, 0, 2, 0, 0, 0, 0]) + (0x1234).to_bytes(FRESHNESS_BYTES, "big")
    )
    whole = int.from_bytes(mac_of(KEY)(content), "big")
    assert int.from_bytes(data, "little") >> 36 == whole >> 100
    assert int.from_bytes(data, "little") >> 28 & 0xFF == 0x34


def test_every_changed_bit_of_what_is_covered_is_noticed() -> None:
    data = Sender(7).frame()
    for bit in range(24, 64):
        other = (int.from_bytes(data, "little") ^ 1 << bit).to_bytes(8, "little")
        assert verifier(6).judge(0, REQUEST, other) is FORGED, bit


def test_checksum_and_counter_lie_around_the_code() -> None:
    """They may be written anew: they tell accidents, the code tells intruders."""
    data = Sender(7).frame()
    for bit in range(24):
        other = (int.from_bytes(data, "little") ^ 1 << bit).to_bytes(8, "little")
        assert verifier(6).judge(0, REQUEST, other) is GENUINE


def test_another_key_message_or_length_is_a_forgery() -> None:
    other = Verifier(mac_of(bytes(16)), UsedValues())
    assert other.judge(0, REQUEST, Sender().frame()) is FORGED
    twin = message("Request", 8, 0x2402, P05)
    assert verifier().judge(0, twin, Sender().frame()) is FORGED
    for cut in range(8):
        assert verifier().judge(0, REQUEST, Sender().frame()[:cut]) is FORGED


# ---- freshness ----------------------------------------------------------------------------------


def test_a_frame_counts_once() -> None:
    ours, data = verifier(), Sender().frame()
    assert [ours.judge(0, REQUEST, data) for _ in range(3)] == [GENUINE, STALE, STALE]


def test_frames_may_be_missing_as_long_as_the_shown_bits_tell_how_many() -> None:
    for missing, found in ((0, GENUINE), (255, GENUINE), (256, FORGED)):
        assert verifier(99).judge(0, REQUEST, Sender(100 + missing).frame()) is found


def test_a_message_that_shows_more_catches_up_with_a_sender_that_went_on() -> None:
    ours, sender = verifier(99), Sender(1_000_000)
    assert ours.judge(0, REQUEST, sender.frame()) is FORGED
    assert ours.judge(0, STATE, sender.frame(STATE)) is GENUINE
    assert ours.judge(0, REQUEST, sender.frame()) is GENUINE


def test_a_frame_that_was_held_back_while_newer_ones_passed_is_stale() -> None:
    ours, sender = verifier(), Sender()
    held, newer = sender.frame(), sender.frame(STATE)
    assert ours.judge(0, STATE, newer) is GENUINE
    assert ours.judge(0, REQUEST, held) is STALE


def test_the_last_freshness_value_of_all_ends_it() -> None:
    last = (1 << 64) - 1
    ours, data = verifier(last - 1), Sender(last).frame()
    assert ours.judge(0, REQUEST, data) is GENUINE
    assert ours.judge(0, REQUEST, data) is STALE


def test_what_cannot_be_kept_does_not_count() -> None:
    class FullDisk(UsedValues):
        def use(self, counter: str, value: int) -> bool:
            return False

    ours = Verifier(mac_of(KEY), FullDisk())
    assert [ours.judge(0, REQUEST, Sender().frame()) for _ in range(9)] == [UNCHECKED] * 9


def test_what_a_crash_left_in_doubt_is_neither_taken_nor_blamed() -> None:
    class AfterACrash(UsedValues):
        def doubtful(self, counter: str, value: int) -> bool:
            return value > 90

    values = AfterACrash()
    values.use("main", 100)
    ours = Verifier(mac_of(KEY), values)
    assert [ours.judge(0, REQUEST, Sender(95).frame()) for _ in range(9)] == [UNCHECKED] * 9
    assert ours.judge(0, REQUEST, Sender(90).frame()) is STALE
    assert ours.judge(0, REQUEST, Sender(101).frame()) is GENUINE


@settings(max_examples=60)
@given(
    heard=st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=60),
    first=st.integers(0, 1 << 40),
)
def test_whatever_is_lost_repeated_or_swapped_each_value_counts_at_most_once_and_only_forward(
    heard: list[tuple[bool, bool, bool]], first: int
) -> None:
    """The sender's frames: some are lost, and what was sent may be heard again, or only then."""
    ours, sender, sent = verifier(first - 1), Sender(first), []
    counted: list[int] = []
    now_us = 0
    for number, (is_state, is_lost, again) in enumerate(heard):
        spec = STATE if is_state else REQUEST
        sent.append((first + number, spec, sender.frame(spec)))
        tries = sent[: number // 2] if again else []
        for value, kind, data in tries if is_lost else [sent[-1], *tries]:
            now_us += WAIT_MAX_US
            if ours.judge(now_us, kind, data) is GENUINE:
                counted.append(value)
        assert is_lost or first + number in counted
    assert counted == sorted(set(counted))


# ---- failures -----------------------------------------------------------------------------------


def test_after_failures_the_next_frames_are_not_looked_at_for_a_while() -> None:
    ours, sender = verifier(), Sender()
    bad = bytes([0, 0, 0, 2, 9, 9, 9, 9])
    found = [ours.judge(0, REQUEST, bad) for _ in range(6)]
    assert found == [FORGED] * 4 + [UNCHECKED] * 2
    assert ours.judge(999_999, REQUEST, sender.frame()) is UNCHECKED
    assert ours.judge(1_000_000, REQUEST, sender.frame()) is GENUINE


def test_failures_of_one_message_shut_no_other() -> None:
    ours, sender = verifier(), Sender()
    for _ in range(10):
        ours.judge(0, REQUEST, bytes(8))
    assert ours.judge(0, STATE, sender.frame(STATE)) is GENUINE


def test_an_intruder_never_shuts_the_way_for_longer_than_the_longest_wait() -> None:
    ours, sender, now_us = verifier(), Sender(), 0
    for _ in range(40):
        while ours.judge(now_us, REQUEST, bytes(8)) is not UNCHECKED:
            now_us += 1
        now_us += WAIT_MAX_US
        assert ours.judge(now_us, REQUEST, sender.frame()) is GENUINE


# ---- attacks ------------------------------------------------------------------------------------


def attack(tries: int, seed: int) -> dict[Authenticity, int]:
    """Forged, replayed, altered and held-back frames between genuine ones; return what was found.

    Each is looked at: so much time passes between two of them as the longest wait.
    """
    random, ours, sender = Random(seed), verifier(), Sender()
    told = dict.fromkeys(Authenticity, 0)
    heard: list[bytes] = []
    now_us = 0
    for number in range(tries):
        now_us += WAIT_MAX_US
        if number % 50 == 0:
            held, data = sender.frame(), sender.frame()
            heard += [held, data]
            del heard[:-2000]
            assert ours.judge(now_us, REQUEST, data) is GENUINE
        kind = number % 4
        if kind == 0:
            data = random.randbytes(8)
        elif kind == 1:
            data = random.choice(heard)
        elif kind == 2:
            whole = int.from_bytes(heard[-1], "little")
            data = (whole ^ 1 << random.randrange(24, 64) ^ 1 << random.randrange(28, 36)).to_bytes(
                8, "little"
            )
        else:
            shown = int.from_bytes(heard[-1], "little") >> 28 & 0xFF
            ahead = (shown + random.randint(1, 200)) % 256
            body = 2 << 24 | ahead << 28 | random.getrandbits(28) << 36
            data = body.to_bytes(8, "little")
        told[ours.judge(now_us, REQUEST, data)] += 1
    return told


def test_of_twenty_thousand_attacks_none_is_accepted() -> None:
    told = attack(20_000, seed=1)
    assert told[GENUINE] == told[UNCHECKED] == 0
    assert told[STALE] > 1_000


@pytest.mark.slow
def test_of_a_million_attacks_none_is_accepted() -> None:
    """A blind guess at 28 bits would be right once in 268 million tries."""
    told = attack(1_000_000, seed=2)
    assert told[GENUINE] == told[UNCHECKED] == 0


# ---- the package --------------------------------------------------------------------------------


def test_a_missing_package_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.cmac", None)
    with pytest.raises(SecocMissingError, match=r"install chargelock\[secoc\]"):
        mac_of(KEY)


def test_nothing_of_ours_imports_the_package_without_a_key() -> None:
    """An installed ``asammdf`` takes it along wherever ``cantools`` is imported."""
    program = (
        "import sys, vehicle.cli.live, vehicle.cli.replay, vehicle.cli.service;"
        "import vehicle.runtime.simulator, vehicle.cli.secoc, vehicle.wire.profile;"
        "sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
