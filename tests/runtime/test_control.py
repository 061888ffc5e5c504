"""The control socket's methods against a lock manager on the simulated car, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from control_desk import at_the_desk
from owners_car import ADAPTER, CHARGING, PARKED, OwnersCar, fault

from vehicle.core.car import Car
from vehicle.core.inputs import Observed, Requested
from vehicle.core.names import Request, Source
from vehicle.core.outputs import Answered, HeatInlet
from vehicle.core.request import LATCH_LIMIT_US
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import Inlet, Temperature
from vehicle.core.snapshot import SIGNALS
from vehicle.runtime.control import NOT_HEARD, READY_US
from vehicle.runtime.control_way import (
    _ENDS,
    _REFUSALS,
    FOR_OTHERS,
    FROM_THE_BUS,
    OPENS,
    step_of,
)
from vehicle.runtime.plant import StartState
from vehicle.runtime.varlink_access import Peer

NO_ENERGY_MESSAGES = [
    fault("silent_message", 2, message=name) for name in ("ChargeState", "DcState")
]
"""From the second second on nothing says whether the inlet has energy."""


@pytest.fixture
def run(tmp_path):
    """Run a test's coroutine with a desk of its own."""
    return partial(at_the_desk, tmp_path)


# ---- unlatch, as it should go -------------------------------------------------------------------


def test_an_unlatch_during_ac_charging_tells_every_step_in_order(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        assert client.steps == ["asked", "stop_requested"]
        desk.car.advance(5)
        assert client.steps == [
            "asked",
            "stop_requested",
            "current_gone",
            "releasing",
            "released",
            "done",
        ]
        assert client.reply == {
            "step": "done",
            "words": "released",
            "done": True,
            "result": "released",
        }
        assert [each.get("continues", False) for each in client.told] == [True] * 5 + [False]
        assert desk.car.plant.truth()["latch"] == "released"
        assert desk.car.plant.doors == "locked"

    run(story)


def test_an_unlatch_during_dc_charging_waits_for_the_weld_test(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        desk.car.advance(10)
        assert client.steps == [
            "asked",
            "stop_requested",
            "weld_test",
            "current_gone",
            "releasing",
            "released",
            "done",
        ]

    car = StartState(
        doors="locked", connector=True, latch="engaged", supply="dc", amps=100, session="charging"
    )
    run(story, OwnersCar(car), awake_s=3)


def test_without_more_only_the_end_is_told(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        client.call.more = False
        first = len(client.told)
        desk.car.advance(5)
        assert [each["parameters"]["step"] for each in client.told[first:]] == ["done"]

    run(story)


def test_a_released_pin_is_done_at_once(run) -> None:
    async def story(desk):
        desk.ask("Unlatch")
        desk.car.advance(5)
        assert desk.ask("Unlatch").steps == ["asked", "done"]

    run(story, OwnersCar(PARKED))


def test_an_adapter_is_released_like_a_connector(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        desk.car.advance(5)
        assert client.reply["result"] == "released"
        assert "adapter lock: releasing" in client.words

    run(story, OwnersCar(ADAPTER))


# ---- unlatch, as it can go wrong ----------------------------------------------------------------


def test_unknown_energy_ends_in_its_name_and_what_to_do(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        assert client.steps == ["asked", "stop_requested"]
        desk.car.advance(6)
        assert client.error == "Unsafe"
        assert client.reply["reason"] == "it is not known whether the inlet is safe"
        assert client.reply["advice"].startswith("1. Stop the charge at the station")

    run(story, OwnersCar(CHARGING, *NO_ENERGY_MESSAGES), awake_s=4)


def test_a_jammed_pin_tells_its_tries_and_ends_at_the_manual_release(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        desk.car.advance(30)
        assert client.steps == [
            "asked",
            "releasing",
            "jammed",
            "releasing",
            "jammed",
            "freeing",
            "releasing",
            "jammed",
        ]
        assert "try 3" in client.words
        assert client.error == "Failed"
        assert client.reply["reason"] == "the pin could not be released"
        assert client.reply["advice"].endswith(desk.car.profile.car.manual_release)
        (told,) = desk.ask("Status").reply["faults"]
        assert (told["fault"], told["actuator"]) == ("failed_to_release", "latch")
        assert told["advice"].endswith(desk.car.profile.car.manual_release)
        assert told["steps"][-1]["step"] == "manual-release"
        assert desk.ask("Why").reply["steps"] == told["steps"]
        (lately,) = desk.ask("Status").reply["lately"]
        assert (lately["event"], lately["severity"]) == ("jammed", "warning")

    run(story, OwnersCar(PARKED, fault("stuck_pin", pin="latch")))


def test_who_waits_for_a_frozen_pin_hears_that_it_is_heated_for(run) -> None:
    async def story(desk):
        desk.car.give(Observed((("temperature", Temperature.COLD),)))
        desk.car.advance(65)
        client = desk.ask("Unlatch")
        desk.car.advance(60)
        assert client.steps[-2:] == ["jammed", "heating"]
        assert "the inlet is heated" in client.words
        assert client.error is None
        assert 540 < desk.ask("Status").reply["heating_s"] < 600
        desk.car.give(Observed((("temperature", Temperature.MILD),)))
        desk.car.advance(65)
        assert client.steps[-3:] == ["releasing", "released", "done"]
        assert desk.ask("Status").reply["heating_s"] is None

    run(story, OwnersCar(PARKED, fault("frozen_pin", pin="latch", melts_s=60)))


def test_a_second_heating_is_told_as_such() -> None:
    first, again = (step_of(HeatInlet(True, time), Car()) for time in (1, 2))
    assert first[0] == again[0] == "heating"
    assert again[1] == f"{first[1]}, for the 2. time"
    assert step_of(HeatInlet(False, 0), Car()) is None


def test_a_stop_that_is_not_confirmed_is_told_and_waited_for(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        desk.car.advance(40)
        assert client.steps[:2] == ["asked", "stop_requested"]
        assert client.steps.count("stop_requested") >= 3
        assert client.steps.count("stop_not_confirmed") == 1
        assert "for the 2. time" in client.words
        assert "the connector is released as soon as the inlet is safe" in client.words
        assert "releasing" not in client.steps
        second = desk.ask("Unlatch")
        assert second.steps == ["asked", "stop_not_confirmed"]
        desk.car.advance(30)
        assert client.steps[-4:] == ["current_gone", "releasing", "released", "done"]
        assert second.steps[-4:] == client.steps[-4:]

    run(story, OwnersCar(CHARGING, fault("station_ignores_stop", 0, 60)))


def test_a_car_that_sleeps_and_cannot_be_woken_says_how_to_wake_it(run) -> None:
    async def story(desk):
        desk.car.do("sleep")
        desk.car.advance(5)
        (bus,) = desk.ask("Status").reply["buses"]
        assert bus == {"channel": "can0", "state": "asleep"}
        client = desk.ask("Unlatch")
        assert client.steps == ["asked", "bus_asleep"]
        assert "Open a door or press the fob to wake the car" in client.words
        desk.car.advance(6)
        assert client.steps == ["asked", "bus_asleep", "bus_asleep"]
        desk.car.do("wake")
        desk.car.advance(5)
        assert client.steps[-3:] == ["releasing", "released", "done"]

    run(story, OwnersCar(PARKED, can_wake=False))


def test_a_sleeping_bus_is_woken_for_a_release_and_that_is_told(run) -> None:
    async def story(desk):
        desk.car.do("sleep")
        desk.car.advance(5)
        client = desk.ask("Unlatch")
        assert client.steps == ["asked", "waking_bus"]
        desk.car.advance(5)
        assert client.steps == ["asked", "waking_bus", "releasing", "released", "done"]

    run(story, OwnersCar(PARKED))


def test_a_pin_whose_sensor_is_dead_is_driven_and_the_owner_checks_by_hand(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        desk.car.advance(30)
        assert client.error == "Failed"
        assert client.reply["reason"].endswith("its sensor is not heard: check by hand")

    run(story, OwnersCar(PARKED, fault("lying_feedback", 2, pin="latch", says="unknown")), 4)


def test_an_empty_inlet_is_refused(run) -> None:
    async def story(desk):
        for method in ("Unlatch", "Latch"):
            client = desk.ask(method)
            assert client.error == "Unsafe"
            assert client.reply["reason"] == "the inlet is empty"

    run(story, OwnersCar(StartState()))


def test_a_dry_run_refuses_what_it_would_not_do(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        assert client.error == "Unsafe"
        assert "moves nothing" in client.reply["reason"]
        assert desk.ask("Status").reply["asked"] is None
        assert desk.ask("Status").reply["shadow"] is True

    run(story, OwnersCar(PARKED, dry_run=True))


@pytest.mark.parametrize("result", FOR_OTHERS)
def test_what_is_refused_to_somebody_else_ends_nobodys_request(run, result) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        refused = Answered(Request.UNLATCH, Source.REMOTE, result)
        for listener in tuple(desk.car._listeners):
            listener(desk.car.now, refused)
        assert client.steps[-1] != "done"
        assert client.error is None
        desk.car.advance(5)
        assert client.reply["result"] == "released"

    run(story)


def test_every_result_opens_a_call_or_ends_it() -> None:
    from vehicle.core.names import Result

    never = {Result.REFUSED_CODE, *FROM_THE_BUS}
    assert set(_ENDS) | set(OPENS) | never == set(Result)
    assert not set(_ENDS) & never
    assert all(end.error is not None for end in _REFUSALS.values())
    assert all(end.advice or end.fault or end.error is None for end in _ENDS.values())


# ---- several askers -----------------------------------------------------------------------------


def test_two_owners_at_once_both_see_it_through(run) -> None:
    async def story(desk):
        first = desk.ask("Unlatch")
        second = desk.ask("Unlatch")
        assert first.steps == ["asked", "stop_requested"], "the second one's answer is not ours"
        assert second.steps == ["asked"]
        assert second.reply["words"] == "already under way"
        desk.car.advance(5)
        assert first.reply["result"] == second.reply["result"] == "released"
        assert first.steps[-3:] == second.steps[-3:] == ["releasing", "released", "done"]

    run(story)


def test_one_who_joins_a_request_of_the_fob_sees_it_through(run) -> None:
    async def story(desk):
        desk.car.give(Requested(Request.UNLATCH, Source.FOB))
        client = desk.ask("Unlatch")
        desk.car.advance(5)
        assert client.reply["result"] == "released"

    run(story)


def test_a_button_that_is_refused_meanwhile_ends_nothing(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        desk.car.give(Requested(Request.UNLATCH, Source.PORT_BUTTON))
        assert client.call.gone is False
        desk.car.advance(5)
        assert client.reply["result"] == "released"

    run(story)


def test_an_end_that_fell_due_before_is_not_taken_for_the_answer(run) -> None:
    async def story(desk):
        early = desk.ask("Unlatch")
        desk.car.now += 20_000_000  # nothing was turned since; it all falls due with the next call
        late = desk.ask("Unlatch")
        assert early.error == "Unsafe"
        assert late.steps[0] == "asked"
        assert late.told[0]["parameters"]["words"] == "accepted"
        late.leave()

    car = OwnersCar(CHARGING, *NO_ENERGY_MESSAGES)
    run(story, car, awake_s=4)


def test_a_latch_request_takes_the_release_back(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        holding = desk.ask("Latch")
        assert client.reply["result"] == "superseded"
        assert client.reply["done"] is True
        desk.car.advance(5)
        assert holding.reply["result"] == "engaged"

    run(story, OwnersCar(CHARGING, fault("station_ignores_stop")))


def test_a_client_that_leaves_takes_nothing_back(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        client.leave()
        assert desk.car.listeners == 2, "but for the hour and the latest events"
        assert desk.ask("Status").reply["asked"] == "unlatch"
        desk.car.advance(5)
        assert desk.car.plant.truth()["latch"] == "released"
        assert desk.ask("Status").reply["asked"] is None

    run(story)


# ---- latch --------------------------------------------------------------------------------------


def test_a_latch_request_engages_and_a_repeated_one_says_so_at_once(run) -> None:
    async def story(desk):
        client = desk.ask("Latch")
        desk.car.advance(3)
        assert client.steps == ["asked", "engaging", "engaged", "done"]
        assert client.reply["result"] == "engaged"
        again = desk.ask("Latch")
        assert again.steps == ["asked", "done"]
        assert desk.ask("Status").reply["asked"] == "latch"

    run(story, OwnersCar(StartState(connector=True)), awake_s=2)


def test_a_repeated_latch_request_whose_pin_is_not_heard_any_more_ends_within_its_limit(
    run,
) -> None:
    async def story(desk):
        assert desk.ask("Latch").steps[0] == "asked"
        desk.car.advance(10)
        assert desk.ask("Status").reply["asked"] == "latch"
        again = desk.ask("Latch")
        assert again.steps == ["asked"]
        desk.car.advance(LATCH_LIMIT_US / 1e6)
        assert again.error == "Failed"
        assert again.reply["reason"] == "the pin could not be engaged"

    dead = fault("lying_feedback", 6, pin="latch", says="unknown")
    run(story, OwnersCar(StartState(connector=True), dead), awake_s=2)


def test_a_pulled_manual_release_ends_an_unlatch_well_and_refuses_a_latch(run) -> None:
    async def story(desk):
        desk.car.do("manual_release", pin="latch")
        desk.car.advance(2)
        assert desk.ask("Unlatch").reply["result"] == "manual-release-pulled"
        refused = desk.ask("Latch")
        assert refused.error == "Unsafe"
        assert refused.reply["advice"].startswith("Take the connector out once")

    run(story, OwnersCar(PARKED))


def test_a_car_without_a_pin_there_says_so(run) -> None:
    async def story(desk):
        for method in ("Unlatch", "Latch"):
            client = desk.ask(method)
            assert client.error == "Unsafe"
            assert client.reply["advice"].endswith("take it out by hand.")
        assert "cannot be locked by this car" in desk.ask("Status").reply["held"]

    start = StartState(connector=True, latch_fitted=False, adapter_lock_fitted=False)
    run(story, OwnersCar(start), awake_s=2)


# ---- each way to release works with all the others dead -----------------------------------------

DEAD = {
    "fob": [fault("silent_message", message="KeyState")],
    "screen": [fault("silent_message", message="CabinRequest")],
}
"""Way -> what is broken when that way is dead. The socket, and a remote asker, die by silence."""


def _all_dead_but(*alive: str) -> list:
    return [order for way, orders in DEAD.items() if way not in alive for order in orders]


def test_the_control_socket_releases_with_key_and_screen_dead(run) -> None:
    async def story(desk):
        client = desk.ask("Unlatch")
        desk.car.advance(5)
        assert client.reply["result"] == "released"

    run(story, OwnersCar(CHARGING, *_all_dead_but()))


def test_a_remote_asker_releases_with_key_screen_and_socket_dead(run) -> None:
    async def story(desk):
        desk.car.give(Requested(Request.UNLATCH, Source.REMOTE))
        desk.car.advance(5)
        assert desk.car.plant.truth()["latch"] == "released"

    run(story, OwnersCar(CHARGING, *_all_dead_but()))


@pytest.mark.parametrize(
    ("way", "deed", "values", "start"),
    [
        ("fob", "fob", {"request": "unlatch", "for_ms": 500}, CHARGING),
        (
            "screen",  # its condition is that the owner is in the car: here the doors say so
            "screen",
            {"request": "unlatch", "for_ms": 400},
            replace(CHARGING, doors="unlocked"),
        ),
        (
            "fob",  # the button's conditions are the key's place and the doors
            "button",
            {"for_ms": 300},
            StartState(
                doors="unlocked",
                key="at-port",
                connector=True,
                latch="engaged",
                supply="ac",
                limit_a=32,
                amps=32,
                session="charging",
            ),
        ),
    ],
    ids=["fob", "screen", "button"],
)
def test_a_way_over_the_bus_releases_with_the_others_dead(run, way, deed, values, start) -> None:
    async def story(desk):  # nobody asks over the socket
        assert desk.car.manager.snapshot.inlet is Inlet.ENERGISED
        desk.car.do(deed, **values)
        desk.car.advance(6)
        assert desk.car.plant.truth()["latch"] == "released"

    run(story, OwnersCar(start, *_all_dead_but(way)), awake_s=2)


# ---- status and why -----------------------------------------------------------------------------


def test_the_status_tells_what_is_held_and_by_what(run) -> None:
    async def story(desk):
        told = desk.ask("Status").reply
        assert told["held"].startswith("The adapter is locked to the car. The handle in it cannot")
        pins = {each["actuator"]: each for each in told["pins"]}
        assert (pins["adapter"]["state"], pins["adapter"]["confirmed"]) == ("engaged", True)
        assert pins["adapter"]["rule"] == "car_locked"
        assert (told["profile"], told["variant"]) == ("reference", None)
        assert told["buses"] == [{"channel": "can0", "state": "up"}]
        assert told["uptime_s"] == 1
        assert told["notes"] == []
        assert len(told["signals"]) == len(SIGNALS)
        assert all(each["age_us"] >= 0 for each in told["signals"])

    run(story, OwnersCar(ADAPTER))


def test_a_service_that_has_just_begun_is_not_ready_and_later_tells_what_it_knows(run) -> None:
    async def story(desk):
        for method in ("Status", "Why", "Unlatch", "Latch"):
            assert desk.ask(method).error == "NotReady"
        desk.car.advance(READY_US / 1e6)
        told = desk.ask("Status").reply
        assert told["notes"] == [NOT_HEARD]
        assert told["held"] == "It is not known what is plugged in, or what holds it."
        assert desk.ask("Why").reply["rule"] == "occupant_unknown"
        refused = desk.ask("Unlatch")
        assert refused.error == "Unsafe"
        assert refused.reply["reason"] == "the car has not told yet which locks it has"

    run(story, OwnersCar(PARKED, fault("lost_frames", percent=100)), awake_s=0)


def test_a_lost_channel_and_a_stranger_on_our_identifier_are_told(run) -> None:
    async def story(desk):
        desk.car.ports[0].up = False
        desk.car.foreign_senders.add(0x120)
        told = desk.ask("Status").reply
        assert told["buses"] == [{"channel": "can0", "state": "lost"}]
        assert told["notes"] == ["another device sends our identifier 120: check the wiring"]

    run(story)


def test_why_names_rule_signals_ages_settings_and_ways_out(run) -> None:
    async def story(desk):
        desk.car.advance(3)
        told = desk.ask("Why").reply
        assert (told["actuator"], told["demand"], told["rule"]) == ("latch", "engage", "car_locked")
        assert told["because"][0]["words"] == "car locked"
        assert told["because"][0]["age_us"] > 3_000_000
        assert told["settings"] == {
            "auto-lock": "on",
            "latch-mode": "with-car",
            "release-when-full": "off",
        }
        ways = [way["changes"] for way in told["releases"]]
        assert ways[:2] == [["ask"], ["unlock"]]
        assert ways[2:] == [["setting"]] * len(ways[2:])
        assert "the owner chooses auto-lock=off" in {way["words"] for way in told["releases"]}
        assert "chargelock unlatch" in told["releases"][0]["words"]
        assert told["locks"] == []

    run(story, OwnersCar(PARKED))


def test_why_names_the_ways_to_a_lock_where_it_is_released(run) -> None:
    async def story(desk):
        desk.car.advance(3)
        desk.ask("Unlatch")
        desk.car.advance(10)
        told = desk.ask("Why").reply
        assert (told["demand"], told["releases"]) == ("hold", [])
        ways = {tuple(way["changes"]): way["words"] for way in told["locks"]}
        assert next(iter(ways)) == ("plug-again",)
        assert {("lock-again",), ("ask-to-hold",), ("time",)} <= set(ways)
        assert ways["time",].endswith(" pass")
        assert ways["ask-to-hold",] == "someone asks for it (chargelock latch)"

    run(story, OwnersCar(PARKED))


def test_why_can_be_asked_of_either_pin_and_of_no_other(run) -> None:
    async def story(desk):
        told = desk.ask("Why", actuator="adapter").reply
        assert (told["actuator"], told["releases"], told["steps"]) == ("adapter", [], [])
        assert desk.ask("Why", actuator="hatch").error == "InvalidParameter"

    run(story)


# ---- journal and events -------------------------------------------------------------------------


def test_the_journal_gives_the_last_lines_and_the_present_time(run) -> None:
    async def story(desk):
        told = desk.ask("Journal", count=3).reply
        assert told["now_us"] == desk.car.now
        assert len(told["lines"]) == 3
        everything = desk.ask("Journal", count=1_000_000).reply["lines"]
        assert everything[-3:] == told["lines"]
        assert [line["t"] for line in everything] == sorted(line["t"] for line in everything)

    run(story)


def test_events_begin_with_a_heartbeat_and_end_with_the_client(run) -> None:
    async def story(desk):
        client = desk.ask("Events")
        assert client.reply == {"event": None, "heartbeat": True}
        desk.car.do("unlock_car", doors="unlocked")
        desk.car.advance(1)
        lines = [each["parameters"]["event"] for each in client.told[1:]]
        assert {"signal", "decision"} >= {line["kind"] for line in lines}
        assert lines[0]["signal"] == "car_lock"
        client.leave()
        assert desk.car.listeners == 2, "but for the hour and the latest events"

    run(story)


def test_a_quiet_stream_beats(run) -> None:
    async def story(desk):
        client = desk.ask("Events", heartbeat_s=1)
        while len(client.told) < 2:
            await asyncio.sleep(0.01)
        assert client.reply == {"event": None, "heartbeat": True}
        client.leave()

    run(story)


# ---- settings -----------------------------------------------------------------------------------


def test_a_change_holds_at_once_is_saved_and_says_what_it_gives_up(run, tmp_path) -> None:
    async def story(desk):
        client = await desk.change("SetSetting", key="auto-lock", value="off")
        assert client.reply["settings"]["auto-lock"] == "off"
        assert client.reply["gives_up"] == [
            "auto-lock off: Anyone can take the cable when it is not charging on DC or above 16 A."
        ]
        assert desk.car.manager.settings == Settings(auto_lock=Toggle.OFF)
        assert desk.store.owner_values == {"auto-lock": "off"}
        took = desk.ask("Journal", count=2).reply["lines"][0]
        assert (took["kind"], took["source"]) == ("settings", "control socket, root")

    run(story)


def test_the_record_says_who_when_old_and_new(run, tmp_path) -> None:
    async def story(desk):
        someone = Peer(7, 61235, frozenset())
        await desk.change("SetSetting", key="release-grace-min", value="15")
        await desk.change("SetSetting", someone, key="release-grace-min", value="20")
        await desk.change("UnsetSetting", someone, key="release-grace-min")
        changes = desk.store.audit.changes()
        assert [(each.who, each.old, each.new) for each in changes] == [
            ("root", None, 15),
            ("uid 61235", 15, 20),
            ("uid 61235", 20, None),
        ]
        assert all(each.when_s > 1_600_000_000 for each in changes)

    run(story)


def test_changes_of_several_owners_are_made_one_after_the_other(run) -> None:
    async def story(desk):
        clients = [
            desk.ask("SetSetting", key="release-grace-min", value=str(minutes))
            for minutes in range(1, 9)
        ]
        bad = desk.ask("SetSetting", key="release-grace-min", value="never")
        last = await desk.change("SetSetting", key="latch-mode", value="always")
        assert [each.reply["settings"]["release-grace-min"] for each in clients] == list("12345678")
        assert bad.error == "BadSetting"
        assert last.reply["settings"]["release-grace-min"] == "8"
        assert [each.new for each in desk.store.audit.changes()][:8] == list(range(1, 9))

    run(story)


def test_a_change_that_cannot_be_saved_changes_nothing(run, monkeypatch) -> None:
    async def story(desk):
        def full(*_args, **_values):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(desk.store, "change_all", full)
        client = await desk.change("SetSetting", key="auto-lock", value="off")
        assert client.error == "Failed"
        assert client.reply["advice"] == "The settings are as they were."
        assert desk.car.manager.settings == Settings()

    run(story)


def test_a_change_to_what_is_so_already_tells_the_journal_nothing(run) -> None:
    async def story(desk):
        before = len(desk.car.journal)
        await desk.change("SetSetting", key="auto-lock", value="on")
        assert len(desk.car.journal) == before

    run(story)


@pytest.mark.parametrize(
    ("method", "given", "words"),
    [
        ("SetSetting", {"key": "auto-lok", "value": "off"}, "did you mean 'auto-lock'"),
        ("SetSetting", {"key": "auto-lock", "value": "of"}, "must be one of on, off"),
        ("SetSetting", {"key": "release-grace-min", "value": "-5"}, "from 0 to 1440 min"),
        ("UnsetSetting", {"key": "nothing"}, "unknown key 'nothing'"),
        ("PreviewSetting", {"key": "auto-lock", "value": "maybe"}, "must be one of on, off"),
    ],
)
def test_a_bad_setting_is_named_and_changes_nothing(run, method, given, words) -> None:
    async def story(desk):
        client = desk.ask(method, **given)
        assert client.error == "BadSetting"
        assert words in client.reply["message"]
        assert desk.store.owner_values == {}

    run(story)


def test_a_preview_changes_nothing(run) -> None:
    async def story(desk):
        told = desk.ask("PreviewSetting", key="latch-mode", value="off").reply
        assert told["settings"]["latch-mode"] == "off"
        assert len(told["gives_up"]) == 1
        assert desk.car.manager.settings == Settings()
        assert desk.ask("PreviewSetting", key="latch-mode").reply["gives_up"] == []

    run(story)


def test_all_settings_are_told_with_who_set_them_and_where(run, tmp_path) -> None:
    async def story(desk):
        await desk.change("SetSetting", key="release-grace-min", value="15")
        told = desk.ask("GetSettings").reply
        assert told["owner"] == {"release-grace-min": "15"}
        assert told["vendor"] == {}
        assert told["settings"]["release-grace-min"] == "15"
        assert told["defaults"]["release-grace-min"] == "0"
        assert told["paths"] == {
            "owner": str(tmp_path / "settings.toml"),
            "audit": str(tmp_path / "audit.jsonl"),
        }
        assert desk.ask("Status").reply["settings"] == told["settings"]

    run(story)
