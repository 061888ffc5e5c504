"""What may happen to a car, and how a way that leads to a release or a lock is said.

Knows: every change that people or time can bring about, in an owner's words.
Refuses to know: what a change leads to; ``whatif.py`` tries it.
"""

from __future__ import annotations

from enum import StrEnum

from vehicle.core.record import record


class Change(StrEnum):
    """Something that may happen."""

    OCCUPANT_KNOWN = "occupant-known"
    PLUG_IN = "plug-in"
    PLUG_AGAIN = "plug-again"
    SESSION_BEGINS = "session-begins"
    SESSION_OVER = "session-over"
    FULL = "full"
    SAFE = "safe"
    UNLOCK = "unlock"
    LOCK = "lock"
    LOCK_AGAIN = "lock-again"
    ASK = "ask"
    ASK_TO_HOLD = "ask-to-hold"
    TAKE_OUT = "take-out"
    TIME = "time"
    HEARD = "heard"
    SETTING = "setting"


CHANGE_WORDS: dict[Change, str] = {
    Change.OCCUPANT_KNOWN: "the car tells what is in the inlet",
    Change.PLUG_IN: "something is plugged in",
    Change.PLUG_AGAIN: "it is taken out and plugged in again",
    Change.SESSION_BEGINS: "a charging session begins",
    Change.SESSION_OVER: "the charging session is over",
    Change.FULL: "the charge is complete and the grace time is over",
    Change.SAFE: "the inlet is safe (no current, no voltage)",
    Change.UNLOCK: "the car is unlocked",
    Change.LOCK: "the car is locked",
    Change.LOCK_AGAIN: "the car is unlocked and locked again",
    Change.ASK: "someone asks for it (chargelock unlatch; it stops the charge first)",
    Change.ASK_TO_HOLD: "someone asks for it (chargelock latch)",
    Change.TAKE_OUT: "what is plugged in is taken out by hand",
    Change.TIME: "time passes",
    Change.HEARD: "the car's bus is heard again (a door or the fob wakes it)",
    Change.SETTING: "the owner chooses otherwise",
}


@record
class Way:
    """Changes that together lead to a demand; none of them can be left out."""

    changes: tuple[Change, ...]
    after_us: int = 0
    """How long it then takes, in microseconds: a grace time, a window; 0 where it is at once."""
    setting: str = ""
    """For SETTING: what to choose, as ``auto-lock=off`` or as an override is written."""

    @property
    def words(self) -> str:
        """The way in an owner's words."""
        said = [CHANGE_WORDS[each] for each in self.changes if each is not Change.TIME]
        if self.setting:
            said = [f"the owner chooses {self.setting}"]
        if self.after_us:
            said.append(f"{_duration(self.after_us)} pass")
        return ", and ".join(said)

    @property
    def brief(self) -> str:
        """The way in few words, without what explains it."""
        return " and ".join(part.partition(" (")[0] for part in self.words.split(", and "))


def _duration(us: int) -> str:
    seconds = -(-us // 1_000_000)
    minutes, left = divmod(seconds, 60)
    if minutes and left:
        return f"{minutes} min {left} s"
    return f"{minutes} min" if minutes else f"{left} s"
