"""The owner's commands against a served car: what is said, as words and as JSON, and exit codes."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from command_line import COMMAND, chargelock, environment
from owners_car import ADAPTER, CHARGING, PARKED, OwnersCar, Served, fault, served
from terminals import on_terminal

from vehicle.cli.main import main
from vehicle.cli.owner import how_long
from vehicle.core.inputs import Observed, Requested
from vehicle.core.names import Request, Source
from vehicle.core.signals import Temperature
from vehicle.runtime.plant import StartState

OWNERS = ("status", "why", "latch", "unlatch", "events", "journal", "watch")
NO_ENERGY_MESSAGES = [fault("silent_message", 2, message=m) for m in ("ChargeState", "DcState")]


def ask(bench: Served, *arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [*arguments, "--socket", str(bench.path)])


def objects(text: str) -> list[dict]:
    """Return the JSON objects that were printed, one a line."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def bench() -> Iterator[Served]:
    """A car that charges at a public post."""
    with served() as bench:
        yield bench


# ---- status and why -----------------------------------------------------------------------------


def test_the_status_says_first_what_is_held(bench) -> None:
    done = ask(bench, "status")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "The connector is locked to the car."
    assert "     latch  engaged" in lines
    assert "  charging  allowed: AC" in lines
    assert "       car  car locked, charging, inlet energised, key near" in lines
    assert "car_lock" not in done.stdout


def test_the_status_names_signals_rules_and_settings_on_request(bench) -> None:
    done = ask(bench, "status", "--verbose")
    for words in (
        "inlet_energised",
        "car_lock             locked",
        "profile  reference",
        "auto-lock on",
    ):
        assert words in done.stdout


def test_the_status_tells_of_a_handle_that_cannot_be_held() -> None:
    with served(OwnersCar(ADAPTER)) as bench:
        assert ask(bench, "status").stdout.startswith(
            "The adapter is locked to the car."
            " The handle in it cannot be locked: anyone can take it out."
        )


def test_the_status_tells_faults_with_what_to_do_and_where_the_manual_release_is() -> None:
    car = OwnersCar(PARKED, fault("stuck_pin", pin="latch"))
    with served(car) as bench:
        bench.do(lambda: car.give(Requested(Request.UNLATCH, Source.FOB)))
        bench.do(lambda: car.advance(30))
        told = ask(bench, "status").stdout
        why = ask(bench, "why").stdout
        asked = objects(ask(bench, "why", "--json").stdout)[0]
    assert "    step 1  Push the connector in and hold it there" in why
    assert why.startswith("The charge-port latch is engaged: The car is locked")
    assert asked["steps"][-1]["step"] == "manual-release"
    assert "     FAULT  the pin could not be released [charge-port latch]\n" in told
    assert "    step 1  Push the connector in and hold it there" in told
    assert "    step 2  Ask for the release again: chargelock unlatch." in told
    assert "    step 7  Last of all, and only while no charge runs." in told
    assert "Pull the red loop behind the left trim of the boot" in told
    assert "     latch  engaged" in told


def test_why_says_what_would_lock_a_cable_that_is_free() -> None:
    with served(OwnersCar(PARKED)) as bench, bench.time_flies():
        assert ask(bench, "unlatch").exit_code == 0
        told = ask(bench, "why").stdout
        locks = objects(ask(bench, "why", "--json").stdout)[0]["locks"]
    assert told.startswith("The charge-port latch stays as it is (released): This connector")
    assert "free if" not in told
    assert " locked if  it is taken out and plugged in again" in told
    assert "     or if  someone asks for it (chargelock latch)" in told
    assert ["lock-again"] in [way["changes"] for way in locks]


def test_the_status_tells_the_latest_alarm_with_its_age_and_what_to_do() -> None:
    car = OwnersCar(CHARGING)
    with served(car) as bench:
        assert "ALARM" not in ask(bench, "status").stdout
        bench.do(lambda: car.do("unplug", force=True))
        bench.do(lambda: car.advance(90))
        told = ask(bench, "status").stdout
    lines = [line for line in told.splitlines() if "ALARM" in line or "warning" in line]
    assert [line.split()[0] for line in lines] == ["warning", "ALARM"], "the newest first"
    assert "ALARM  it was removed although it was locked (charge-port latch" in told
    assert "89 s ago. Look after the car" in told


def test_the_status_tells_that_the_inlet_is_heated_and_for_how_long() -> None:
    car = OwnersCar(PARKED, fault("frozen_pin", pin="latch", melts_s=3600))
    with served(car) as bench:
        bench.do(lambda: car.give(Observed((("temperature", Temperature.COLD),))))
        bench.do(lambda: car.advance(65))
        assert "heater" not in ask(bench, "status").stdout
        bench.do(lambda: car.give(Requested(Request.UNLATCH, Source.FOB)))
        bench.do(lambda: car.advance(40))
        told = ask(bench, "status").stdout
    assert "    heater  the inlet is heated, a pin may be frozen in; tried again in 5" in told


def test_the_status_tells_a_dry_run_a_sleeping_bus_and_a_standing_request() -> None:
    car = OwnersCar(PARKED, dry_run=True)
    with served(car) as bench:
        bench.do(lambda: car.do("sleep"))
        bench.do(lambda: car.advance(5))
        told = ask(bench, "status").stdout
        assert "dry run: it decides and tells, and moves nothing" in told
        assert "       bus  can0 sleeps" in told
    car = OwnersCar(CHARGING, fault("station_ignores_stop"))
    with served(car) as bench:
        bench.do(lambda: car.give(Requested(Request.UNLATCH, Source.FOB)))
        assert "a release was asked for; it is under way" in ask(bench, "status").stdout


def test_a_pin_without_a_sensors_word_is_told_as_such() -> None:
    car = OwnersCar(PARKED, fault("lying_feedback", 2, pin="latch", says="unknown"))
    with served(car) as bench:
        bench.do(lambda: car.give(Requested(Request.LATCH, Source.FOB)))
        bench.do(lambda: car.advance(15))
        told = ask(bench, "status").stdout
    assert "the pin's sensor is not heard [charge-port latch]" in told


def test_why_tells_the_sentence_first_and_names_on_request() -> None:
    with served(OwnersCar(PARKED)) as bench:
        plain = ask(bench, "why").stdout.splitlines()
        assert plain[0] == (
            "The charge-port latch is engaged: The car is locked and the owner wants the"
            " cable locked with it."
        )
        assert (
            "   because  car locked for 1 s" in plain or "   because  car locked just now" in plain
        )
        assert "   setting  latch-mode is with-car" in plain
        assert any(line.startswith("   free if  someone asks for it") for line in plain)
        assert not any("locked if" in line for line in plain)
        assert "     or if  the car is unlocked" in plain
        verbose = ask(bench, "why", "adapter", "-v").stdout
        assert verbose.startswith(
            "The adapter lock stays as it is (released): This pin has nothing to hold."
        )
        assert "      rule  nothing_to_hold" in verbose
        assert "[occupant connector]" in verbose


@pytest.mark.parametrize(
    ("age_us", "words"),
    [
        (None, ""),
        (0, "just now"),
        (999_999, "just now"),
        (119_999_999, "for 119 s"),
        (120_000_000, "for 2 min"),
        (7_200_000_000, "for 2 h"),
        (172_800_000_000, "for 2 days"),
    ],
)
def test_ages_are_told_as_people_tell_them(age_us, words) -> None:
    assert how_long(age_us) == words


# ---- unlatch and latch --------------------------------------------------------------------------


def test_an_unlatch_tells_its_steps_and_waits_for_the_end(bench) -> None:
    with bench.time_flies():
        done = ask(bench, "unlatch")
    assert (done.exit_code, done.stderr) == (0, "")
    assert [line.split(" s  ")[1] for line in done.stdout.splitlines()] == [
        "accepted",
        "the charger is asked to stop",
        "no energy is on the inlet any more",
        "charge-port latch: releasing",
        "charge-port latch: released",
        "released",
    ]


def test_an_unlatch_as_json_is_one_object_a_step(bench) -> None:
    with bench.time_flies():
        done = ask(bench, "unlatch", "--json")
    steps = objects(done.stdout)
    assert [each["done"] for each in steps] == [False] * (len(steps) - 1) + [True]
    assert steps[-1]["result"] == "released"


def test_energy_that_is_not_known_is_refused_with_what_to_do_next() -> None:
    with served(OwnersCar(CHARGING, *NO_ENERGY_MESSAGES)) as bench:
        bench.do(lambda: bench.car.advance(3))
        with bench.time_flies():
            done = ask(bench, "unlatch")
    assert done.exit_code == 5
    what, *to_do = done.stderr.splitlines()
    assert what == "error: refused: it is not known whether the inlet is safe"
    assert to_do[0] == "1. Stop the charge at the station, or switch the supply off."
    assert to_do[2] == "3. Ask for the release again: chargelock unlatch."
    assert to_do[3].startswith("4. Last of all, and only while no charge runs. Pull the red loop")


def test_why_tells_where_a_pin_is_that_is_not_where_it_shall_be() -> None:
    with served(OwnersCar(PARKED, fault("stuck_pin", pin="latch"))) as bench:
        bench.do(lambda: bench.car.give(Requested(Request.UNLATCH, Source.FOB)))
        told = ask(bench, "why").stdout
    assert told.startswith("The charge-port latch is to be released (now: releasing): Someone")


def test_a_pin_that_does_not_move_ends_with_where_the_manual_release_is() -> None:
    with served(OwnersCar(PARKED, fault("stuck_pin", pin="latch"))) as bench, bench.time_flies():
        done = ask(bench, "unlatch")
    assert done.exit_code == 6
    assert done.stdout.count("charge-port latch: it did not move") == 3
    assert "charge-port latch: releasing, try 3" in done.stdout
    assert done.stderr.startswith(
        "error: failed: the pin could not be released\n1. Push the connector in"
    )
    assert done.stderr.endswith("until it clicks.\n")


def test_a_stop_that_is_not_confirmed_is_told_and_the_release_comes_later() -> None:
    car = OwnersCar(CHARGING, fault("station_ignores_stop", 0, 60))
    with served(car) as bench, bench.time_flies():
        done = ask(bench, "unlatch")
    assert done.exit_code == 0
    told = done.stdout
    assert "the charger is asked to stop again, for the 2. time" in told
    late = told.index("the charge did not stop within 30 s. Stop the charge at the station")
    assert late < told.index("no energy is on the inlet any more") < told.index("releasing")


def test_a_sleeping_car_that_cannot_be_woken_says_how_to_wake_it() -> None:
    car = OwnersCar(PARKED, can_wake=False)
    with served(car) as bench:
        bench.do(lambda: car.do("sleep"))
        bench.do(lambda: car.advance(5))
        process = subprocess.Popen(
            [*COMMAND, "unlatch", "--socket", str(bench.path)], stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout.readline().endswith("accepted\n")
            assert "the car sleeps. Open a door or press the fob" in process.stdout.readline()
            bench.do(lambda: car.do("wake"))
            with bench.time_flies():
                rest = process.stdout.read()
    assert process.returncode == 0
    assert rest.endswith("s  released\n")


def test_an_empty_inlet_is_refused_in_words_and_as_json() -> None:
    with served(OwnersCar(StartState())) as bench:
        done = ask(bench, "latch", "--json")
    assert done.exit_code == 5
    assert objects(done.stdout) == [
        {
            "error": "unsafe",
            "exit_code": 5,
            "message": "refused: the inlet is empty\nThere is nothing to hold or to release.",
        }
    ]


def test_a_request_that_is_replaced_by_another_is_a_failure() -> None:
    car = OwnersCar(CHARGING, fault("station_ignores_stop"))
    with served(car) as bench:
        process = subprocess.Popen(
            [*COMMAND, "unlatch", "--socket", str(bench.path)], stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout.readline().endswith("accepted\n")
            with bench.time_flies():
                assert ask(bench, "latch").exit_code == 0
            rest = process.stdout.read()
    assert process.returncode == 1
    assert rest.endswith("replaced by a newer request\n")


def test_ctrl_c_ends_the_waiting_and_not_the_release() -> None:
    car = OwnersCar(CHARGING, fault("station_ignores_stop", 0, 60))
    with served(car) as bench:
        process = subprocess.Popen(
            [*COMMAND, "unlatch", "--socket", str(bench.path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            process.stdout.readline()
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate()
        assert process.returncode == 130
        assert errors.strip() == (
            "The release goes on without you. How far it is: chargelock status. To take it back:"
            " chargelock latch."
        )
        assert json.loads(ask(bench, "status", "--json").stdout)["asked"] == "unlatch"
        bench.do(lambda: car.advance(65))
        assert car.plant.truth()["latch"] == "released"


def test_two_owners_at_once_both_get_their_answer(bench) -> None:
    both = [
        subprocess.Popen(
            [*COMMAND, "unlatch", "--json", "--socket", str(bench.path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    firsts = [json.loads(each.stdout.readline())["words"] for each in both]
    assert sorted(firsts) == ["accepted", "already under way"]
    with bench.time_flies():
        ends = [objects(each.communicate()[0])[-1]["result"] for each in both]
    assert (ends, [each.returncode for each in both]) == (["released", "released"], [0, 0])


# ---- settings -----------------------------------------------------------------------------------


def test_turning_auto_lock_off_says_what_it_gives_up(bench) -> None:
    done = ask(bench, "settings", "set", "auto-lock", "off")
    assert done.stdout.splitlines() == [
        "auto-lock is now off",
        "  gives up  auto-lock off: Anyone can take the cable when it is not charging on DC or"
        " above 16 A.",
    ]
    assert "auto-lock                    off             yours; otherwise on" in (
        ask(bench, "settings", "show").stdout
    )
    assert ask(bench, "settings", "unset", "auto-lock").stdout == "auto-lock is now on\n"


def test_a_preview_says_so_and_changes_nothing(bench) -> None:
    done = ask(bench, "settings", "set", "auto-lock", "off", "--preview")
    assert done.stdout.startswith("auto-lock would be off\n  gives up")
    ask(bench, "settings", "set", "auto-lock", "off")
    back = ask(bench, "settings", "unset", "auto-lock", "--preview")
    assert back.stdout == "auto-lock would be on\n"
    assert bench.store.owner_values == {"auto-lock": "off"}


def test_one_setting_is_shown_with_what_it_does_and_what_fits(bench) -> None:
    told = ask(bench, "settings", "show", "release-grace-min").stdout
    assert told.splitlines()[0].split() == ["release-grace-min", "0"]
    assert "      fits  a whole number from 0 to 1440 min" in told
    everything = ask(bench, "settings", "show", "--verbose").stdout
    assert "       off  gives up: Anyone can take the cable when" in everything
    assert len(everything.splitlines()) > 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "auto-lok", "off"), "unknown key 'auto-lok'; did you mean 'auto-lock'?"),
        (("set", "auto-lock", "of"), "must be one of on, off; did you mean 'off'?"),
        (("set", "release-grace-min", "-5"), "from 0 to 1440 min; the nearest is 0"),
        (("unset", "nothing"), "unknown key 'nothing'"),
        (("show", "auto-lok"), "did you mean 'auto-lock'?"),
    ],
)
def test_a_bad_setting_is_misuse_and_names_what_fits(bench, arguments, words) -> None:
    done = ask(bench, "settings", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert bench.store.owner_values == {}


def test_the_path_is_printed_bare_and_the_record_says_who_when_old_and_new(bench) -> None:
    ask(bench, "settings", "set", "latch-mode", "always")
    assert ask(bench, "settings", "path").stdout == f"{bench.folder}/settings.toml\n"
    paths = json.loads(ask(bench, "settings", "path", "--json").stdout)
    (line,) = objects(Path(paths["audit"]).read_text(encoding="utf-8"))
    assert (line["key"], line["old"], line["new"]) == ("latch-mode", None, "always")
    assert line["who"] == pwd.getpwuid(os.geteuid()).pw_name
    assert line["when_s"] > 1_600_000_000


# ---- the journal and events ---------------------------------------------------------------------


def test_the_journal_is_told_in_words_and_given_as_lines(bench) -> None:
    words = ask(bench, "journal", "-n", "1000").stdout
    assert "car              charging" in words
    assert "latch demand     engage: dangerous voltage may be on the inlet" in words
    lines = objects(ask(bench, "journal", "--json", "-n", "5").stdout)
    assert len(lines) == 5
    assert all({"t", "kind"} <= line.keys() for line in lines)


def test_events_tell_what_concerns_people_and_everything_on_request(bench) -> None:
    ask(bench, "settings", "set", "release-grace-min", "15")
    ask(bench, "settings", "set", "release-grace-min", "20")
    with bench.time_flies():
        ask(bench, "unlatch")
    told = ask(bench, "events").stdout
    assert told.count("release-grace-min 20") == 1
    assert "the settings changed" not in told
    assert "request          unlatch from cli: done: released" in told
    assert "car              charging" not in told
    assert "car              charging" in ask(bench, "events", "-v").stdout
    kinds = {line["kind"] for line in objects(ask(bench, "events", "--json").stdout)}
    assert kinds <= {"event", "fault", "request", "settings"}


def test_following_misses_nothing_tells_nothing_twice_and_ends_with_ctrl_c(bench) -> None:
    process = subprocess.Popen(
        [*COMMAND, "events", "--follow", "--json", "-v", "--socket", str(bench.path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        told = [json.loads(process.stdout.readline())]
        bench.do(lambda: bench.car.do("unlock_car", doors="unlocked"))
        bench.do(lambda: bench.car.advance(1))
        expected = objects(ask(bench, "journal", "--json", "-n", "1000").stdout)
        while len(told) < len(expected):
            told.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert told == expected
    assert (process.returncode, rest) == (0, "")


def test_a_line_of_a_newer_service_is_shown_as_it_is(bench) -> None:
    from vehicle.cli.client import Client
    from vehicle.cli.journal_words import JournalPrinter

    with Client(str(bench.path)) as client:
        printer = JournalPrinter(client)
    runner = CliRunner()
    with runner.isolation() as streams:
        printer.clock(200_000_000_000)
        printer.print({"t": 5, "kind": "horn", "loud": True})
        printer.print({"t": 5, "kind": "permit", "charge": "ac", "was": "none"})
    horn, permit = streams[0].getvalue().decode().splitlines()
    assert json.loads(horn) == {"t": 5, "kind": "horn", "loud": True}
    assert permit.split("permit")[0].strip()[2] == "-", "older than a day: with its date"


# ---- watch --------------------------------------------------------------------------------------

WATCH_TWICE = """
import os, signal
from vehicle.cli import watch
draw, count = watch._Picture.draw, 0
def counted(self, client):
    global count
    draw(self, client)
    count += 1
    if count == {draws}:
        os.kill(os.getpid(), signal.SIGINT)
watch._Picture.draw = counted
watch.REDRAW_S_MIN = 0
from vehicle.cli.main import main
main()
"""


def _watch(bench: Served, draws: int, *arguments: str, columns: int = 80, **changes: str):
    command = [sys.executable, "-W", "error", "-c", WATCH_TWICE.format(draws=draws)]
    words = ("watch", "--socket", str(bench.path), *arguments)
    return on_terminal(*words, columns=columns, command=command, **changes)


def test_watch_draws_over_what_it_drew_before(bench) -> None:
    shown = _watch(bench, 2)
    assert shown.returncode == 0
    assert shown.raw.startswith("\x1b[2J\x1b[HThe connector is locked to the car.\x1b[K\r\n")
    assert shown.raw.count("\x1b[H") == 2
    assert shown.raw.count("\x1b[J") == 2


def test_watch_without_colour_draws_plain(bench) -> None:
    shown = _watch(bench, 1, NO_COLOR="1")
    assert "\x1b[32m" not in shown.raw
    assert "\x1b[32m" in _watch(bench, 1).raw


def test_watch_without_a_terminal_prints_each_change_below_the_last(bench) -> None:
    process = subprocess.Popen(
        [*COMMAND, "watch", "--json", "--socket", str(bench.path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        first = json.loads(process.stdout.readline())
        assert first["permit"] == "ac"
        bench.do(lambda: bench.car.do("unlock_car", doors="unlocked"))
        bench.do(lambda: bench.car.advance(1))
        second = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.stdout.read()  # it may just be drawing the next picture
    locks = [
        {each["signal"]: each["value"] for each in told["signals"]}["car_lock"]
        for told in (first, second)
    ]
    assert locks == ["locked", "unlocked"]
    assert process.returncode == 0


# ---- how it looks, and how it fails -------------------------------------------------------------


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize("words", [("status",), ("why",), ("settings", "show", "auto-lock")])
def test_on_a_narrow_terminal_the_words_are_wrapped(bench, words, columns) -> None:
    shown = on_terminal(*words, "--socket", str(bench.path), columns=columns)
    assert shown.returncode == 0
    wide = [line for line in shown.plain.splitlines() if len(line) > columns]
    assert [line for line in wide if str(bench.path) not in line] == []


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("why",),
        ("settings", "show"),
        ("settings", "set", "latch-mode", "always"),
        ("settings", "unset", "latch-mode"),
        ("settings", "path"),
        ("journal",),
        ("events",),
    ],
    ids=" ".join,
)
def test_every_answer_is_json_on_request(bench, words) -> None:
    done = ask(bench, *words, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert objects(done.stdout)


@pytest.mark.parametrize("words", [*((each,) for each in OWNERS), ("settings", "show")])
def test_without_a_service_every_command_says_how_to_start_one(tmp_path, words) -> None:
    path = str(tmp_path / "none.sock")
    done = CliRunner().invoke(main, [*words], env={"CHARGELOCK_SOCKET": path})
    assert (done.exit_code, done.stdout) == (4, "")
    assert (
        done.stderr
        == f"error: {path}: no service is running there; start it with: chargelock run\n"
    )
    told = CliRunner().invoke(main, [*words, "--json", "--socket", path])
    assert told.exit_code == 4
    assert json.loads(told.stdout)["error"] == "service-unreachable"


def test_a_service_that_has_just_begun_is_told_to_be_asked_again() -> None:
    car = OwnersCar(PARKED, fault("lost_frames", percent=100))
    with served(car) as bench:
        done = ask(bench, "status")
        assert done.exit_code == 4
        assert "has not heard the car yet; ask again" in done.stderr
        assert ask(bench, "events").exit_code == 0, "what happened can be told all the same"


AS_SOMEBODY_ELSE = """
import os, sys
from vehicle.cli import pins, settings, status
from vehicle.cli.main import main
os.setgroups([]); os.setgid(61235); os.setuid(61235)
main()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_else_may_look_and_change_nothing(bench) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", AS_SOMEBODY_ELSE, *arguments, "--socket", str(bench.path)],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert run("status").stdout.startswith("The connector is locked to the car.")
    for words in (("unlatch",), ("latch",), ("settings", "set", "auto-lock", "off")):
        done = run(*words)
        assert (done.returncode, done.stdout) == (3, ""), words
        assert done.stderr == (
            "error: not allowed; this needs root or a member of group chargelock\n"
        )
    assert bench.store.owner_values == {}


def test_the_socket_is_found_by_the_environment_too(bench) -> None:
    done = chargelock("status", CHARGELOCK_SOCKET=str(bench.path))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words", ["['status']", "['--help']", "['unlatch']", "['settings', 'show']"]
)
def test_the_quick_commands_import_nothing_of_the_work(bench, words) -> None:
    code = f"""
import sys
before = set(sys.modules)
from vehicle.cli.main import main
try:
    main({words})
except SystemExit as end:
    assert not end.code, end.code
slow = {{"can", "cantools", "transitions", "asyncio", "vehicle.core", "vehicle.wire"}}
assert not slow & (set(sys.modules) - before), slow & set(sys.modules)
"""
    with bench.time_flies():
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(CHARGELOCK_SOCKET=str(bench.path)),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
