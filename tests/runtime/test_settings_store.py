"""The settings store in ordinary life: changes, files made by hand or older, the vendor's."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import tempfile
import tomllib
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_bench import CHOICES, look

from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.settings_read import SettingsError
from vehicle.runtime.settings_file import Change, Generation, read_generation, render
from vehicle.runtime.settings_store import (
    BY_HAND,
    SettingsLockedError,
    SettingsStore,
    StoreError,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.toml"


def test_without_any_file_the_defaults_hold_and_nothing_is_written(path):
    with SettingsStore(path, path.with_name("vendor.toml")) as store:
        assert store.load() == Settings()
        assert (store.owner_values, store.vendor_values, store.notes) == ({}, {}, [])
        assert store.audit.changes() == []
    assert list(path.parent.iterdir()) == []


def test_a_change_holds_at_once_and_after_a_restart(path):
    with SettingsStore(path) as store:
        store.load()
        settings = store.change("auto-lock", "off", who="ann", when_s=1_700_000_000)
        assert settings == Settings(auto_lock=Toggle.OFF)
        assert store.owner_values == {"auto-lock": "off"}
    assert look(path.parent) == (settings, {"auto-lock": "off"}, [])
    assert stat.S_IMODE(path.stat().st_mode) & 0o133 == 0


def test_every_change_is_recorded_with_who_when_old_and_new(path):
    with SettingsStore(path) as store:
        store.load()
        store.change("release-grace-min", 15, who="ann", when_s=10)
        store.change("release-grace-min", "20", who="ben", when_s=11)
        store.change("release-grace-min", None, who="cid", when_s=12)
        assert store.audit.changes() == [
            Change(1, "ann", 10, "release-grace-min", None, 15),
            Change(2, "ben", 11, "release-grace-min", 15, 20),
            Change(3, "cid", 12, "release-grace-min", 20, None),
        ]
    assert look(path.parent)[1] == {}


def test_what_is_set_already_is_not_written_again(path):
    with SettingsStore(path) as store:
        store.load()
        store.change("auto-lock", "off", who="ann", when_s=1)
        content = path.read_bytes()
        store.change("auto-lock", "off", who="ben", when_s=2)
        store.change("latch-mode", None, who="ben", when_s=3)
        assert path.read_bytes() == content
        assert len(store.audit.changes()) == 1


def test_the_owners_own_value_is_kept_where_it_is_the_default(path):
    vendor = path.with_name("vendor.toml")
    with SettingsStore(path, vendor) as store:
        store.load()
        store.change("latch-mode", "with-car", who="ann", when_s=1)
    vendor.write_text('latch-mode = "always"\n')
    with SettingsStore(path, vendor) as store:
        assert store.load().latch_mode is Mode.WITH_CAR
        assert store.change("latch-mode", None, who="ann", when_s=2).latch_mode is Mode.ALWAYS


def test_a_preview_tells_what_a_change_would_do_and_does_nothing(path):
    with SettingsStore(path) as store:
        store.load()
        settings, gives_up = store.preview({"auto-lock": "off"})
        assert settings.auto_lock is Toggle.OFF
        assert gives_up == [
            "auto-lock off: Anyone can take the cable when it is not charging on DC or above 16 A."
        ]
        assert store.preview({"auto-lock": None}) == (Settings(), [])
        assert store.owner_values == {}
    assert list(path.parent.iterdir()) == []


def test_several_settings_change_at_once_and_each_is_recorded(path):
    with SettingsStore(path) as store:
        store.load()
        store.change("auto-lock", "off", who="ann", when_s=1)
        wishes = {"auto-lock": None, "latch-mode": "always", "release-grace-min": "15"}
        settings = store.change_all(wishes, who="ben", when_s=2)
        assert (settings.auto_lock, settings.latch_mode) == (Toggle.ON, Mode.ALWAYS)
        assert [
            (one.generation, one.who, one.key, one.old, one.new) for one in store.audit.changes()
        ] == [
            (1, "ann", "auto-lock", None, "off"),
            (2, "ben", "auto-lock", "off", None),
            (2, "ben", "latch-mode", None, "always"),
            (2, "ben", "release-grace-min", None, 15),
        ]
        store.change_all({**wishes, "latch-mode": "off"}, who="cid", when_s=3)
        assert [one.key for one in store.audit.changes()][4:] == ["latch-mode"]
    assert look(path.parent)[1:] == ({"latch-mode": "off", "release-grace-min": 15}, [])


def test_where_one_of_several_wishes_cannot_be_none_is_granted(path):
    with SettingsStore(path) as store:
        store.load()
        with pytest.raises(SettingsError, match=r"latch-mode = 'alway'.*did you mean 'always'"):
            store.change_all({"auto-lock": "off", "latch-mode": "alway"}, who="ann", when_s=1)
        assert store.owner_values == {}
    assert list(path.parent.iterdir()) == []


def test_a_change_as_it_was_written_before_several_could_be_made_at_once_is_read(path):
    body = render(
        Generation(1, (("auto-lock", "off"),), (Change(1, "ann", 1, "auto-lock", None, "off"),))
    )
    body = body.partition(b"\n")[2].replace(b"[[change]]", b"[change]")
    path.write_bytes(f"# checksum crc32 {zlib.crc32(body):08x}\n".encode() + body)
    _, owner, notes = look(path.parent)
    assert (owner, notes) == ({"auto-lock": "off"}, [])
    assert [one.who for one in read_generation(path).changes] == ["ann"]


# ---- odd keys and values ------------------------------------------------------------------------

ODD = ["", " ", "schema", "settings", "auto_lock", "AUTO-LOCK", "ключ", "锁", "\0", "\ud800", "🔒",
       "a" * 5000, "__class__", 'auto-lock"\n[change]', "release-grace-min "]  # fmt: skip


@pytest.mark.parametrize("value", ["on", 1, None])
@pytest.mark.parametrize("key", ODD)
def test_a_key_that_does_not_exist_is_named_and_nothing_changes(path, key, value):
    with SettingsStore(path) as store:
        store.load()
        for use in (store.preview, lambda wish: store.change_all(wish, who="ann", when_s=1)):
            with pytest.raises(SettingsError, match="settings: "):
                use({"auto-lock": "off", key: value})
        assert store.owner_values == {}
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("auto-lock", value) for value in ("", "ON", "on ", "ja", "\ud800", "\0", 1, -1, "🔒")),
        *(("release-grace-min", value) for value in ("", "-", "--5", "1.5", "1e2", "٣", " 5")),
        *(("release-grace-min", value) for value in ("+5", "1441", "-1", "9" * 1000, -1, True)),
    ],
)  # fmt: skip
def test_a_value_that_does_not_exist_is_named_and_nothing_changes(path, key, value):
    with SettingsStore(path) as store:
        store.load()
        with pytest.raises(SettingsError, match=key):
            store.change(key, value, who="ann", when_s=1)
        assert store.owner_values == {}
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("value", [0, "0", "007", 1440, "1440"])
def test_a_number_may_come_as_text(path, value):
    with SettingsStore(path) as store:
        store.load()
        store.change("release-grace-min", value, who="ann", when_s=1)
        assert store.owner_values == {"release-grace-min": int(value)}


@settings(deadline=None, max_examples=60)
@given(who=st.text(max_size=300), when_s=st.integers(0, 1 << 60))
def test_whoever_makes_a_change_it_is_written_and_read_the_same(tmp_path_factory, who, when_s):
    path = tmp_path_factory.mktemp("store") / "settings.toml"
    with SettingsStore(path) as store:
        store.load()
        store.change("auto-lock", "off", who=who, when_s=when_s)
    _, owner, notes = look(path.parent)
    assert (owner, notes) == ({"auto-lock": "off"}, [])
    (made,) = read_generation(path).changes
    assert (made.when_s, len(made.who)) == (when_s, min(200, len(who)))


@settings(deadline=None, max_examples=60)
@given(
    st.fixed_dictionaries(
        {}, optional={key: st.sampled_from([v for v in values if v is not None])
                      for key, values in CHOICES.items()}
    ),
    st.integers(0, 1 << 40),
    st.text(max_size=50),
)  # fmt: skip
def test_a_file_is_read_as_it_was_written(tmp_path_factory, owner, number, who):
    path = tmp_path_factory.mktemp("store") / "settings.toml"
    change = Change(number, who, None, "auto-lock", None, "off")
    written = Generation(number, tuple(sorted(owner.items())), (change,) * (number % 3))
    path.write_bytes(render(written))
    assert read_generation(path) == written
    tomllib.loads(path.read_text())


# ---- made by hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "auto_lock = false\nrelease_grace_min = 15\n",
        'auto-lock = "off"\nrelease-grace-min = 15\n',
        'schema = 1\nauto-lock = "off"\nrelease-grace-min = 15\n',
        'schema = 1\n\n[settings]\nauto-lock = "off"\nrelease-grace-min = 15\n',
        "schema = 0\n[settings]\nauto_lock = false\nrelease_grace_min = 15",
        "# my choice\r\nauto_lock = false\r\nrelease-grace-min = 15\r\n",
    ],
    ids=[
        "version 0",
        "no schema",
        "flat",
        "like ours",
        "version 0 with a table",
        "other line ends",
    ],
)
def test_a_file_made_by_hand_holds_and_says_so(path, content):
    path.write_bytes(content.encode())
    os.utime(path, (1_700_000_000, 1_700_000_000))
    owner = {"auto-lock": "off", "release-grace-min": 15}
    note = f"{path} was written by hand; it holds, and the next change writes it anew"
    for _ in range(2):
        assert look(path.parent)[1:] == (owner, [note])
    with SettingsStore(path) as store:
        assert store.load().auto_lock is Toggle.OFF
        assert store.audit.changes() == [
            Change(1, BY_HAND, 1_700_000_000, "auto-lock", None, "off"),
            Change(1, BY_HAND, 1_700_000_000, "release-grace-min", None, 15),
        ]
        store.change("latch-mode", "always", who="ann", when_s=1)
        assert path.with_name("settings.toml.previous").read_bytes() == content.encode()
    assert look(path.parent)[1:] == ({**owner, "latch-mode": "always"}, [])


def test_our_file_edited_by_hand_holds_once_its_first_line_is_gone(path):
    with SettingsStore(path) as store:
        store.load()
        store.change("auto-lock", "off", who="ann", when_s=1)
        store.change("release-grace-min", 15, who="ann", when_s=2)
    edited = path.read_text().replace("min = 15", "min = 30")
    assert "edited by hand? then delete this line" in edited.splitlines()[0]
    path.write_text(edited)
    _, owner, notes = look(path.parent)
    assert owner == {"auto-lock": "off"}
    assert "if you edited it, delete its first line and restart" in notes[0]
    path.write_text(edited.split("\n", 1)[1])
    assert look(path.parent)[1] == {"auto-lock": "off", "release-grace-min": 30}
    with SettingsStore(path) as store:
        store.load()
        last = store.audit.changes()[-1]
        assert (last.who, last.old, last.new) == (BY_HAND, None, 30)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("auto-lok = false", "unknown key 'auto-lok'; did you mean 'auto-lock'?"),
        ('auto-lock = "of"', "auto-lock = 'of' must be one of on, off; did you mean 'off'?"),
        ("latch_mode = true", "latch-mode = 'on' must be one of"),
        ("release-grace-min = 99999", "from 0 to 1440 min; the nearest is 1440"),
        ("release-grace-min = nan", "must be a whole number"),
        ("auto-lock = 2020-01-01", "must be one of on, off"),
        ("auto-lock = ['off']", "must be one of on, off"),
        (
            'auto-lock = "off"\n[settings]\n',
            "auto-lock stands outside of [settings]; move it below",
        ),
        ("schema = 2\n", "schema 2 is not known here; this version reads 0 to 1"),
        ("schema = true\n", "schema True is not known here"),
        ("auto-lock = off", "it is not TOML: Invalid value"),
        ("a = " + "[" * 5000, "it is not TOML"),
        ("x" * 70_000, "it is longer than 65536 bytes"),
    ],
)
def test_a_file_made_by_hand_that_is_wrong_is_left_out_and_says_why(path, content, words):
    path.write_text(content)
    _, owner, notes = look(path.parent)
    assert owner == {}
    assert words in notes[0]
    assert path.read_text() == content
    with SettingsStore(path) as store:
        store.load()
        store.change("auto-lock", "off", who="ann", when_s=1)
    assert path.with_name("settings.toml.damaged").read_text() == content
    assert look(path.parent)[1:] == ({"auto-lock": "off"}, [])


def test_a_setting_of_another_version_is_left_out_and_the_others_hold(path):
    owner = (("auto-lock", "off"), ("guest-codes", "on"), ("latch-mode", "sometimes"))
    path.write_bytes(render(Generation(3, owner, (Change(3, "ann", 1, "x", None, "on"),))))
    _, holds, notes = look(path.parent)
    assert holds == {"auto-lock": "off"}
    assert [note.split(",")[0] for note in notes] == [
        "left out: unknown key 'guest-codes'",
        "left out: latch-mode = 'sometimes' must be one of with-car",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"schema = 1\n[settings]\n",
        b'schema = 1\ngeneration = "7"\n[settings]\n',
        b"schema = 1\ngeneration = 7\nchange = 3\n[settings]\n",
        b"schema = 1\ngeneration = 7\n[settings]\n[change]\nwho = 3\n",
    ],
)
def test_our_file_without_its_generation_or_change_is_damaged(path, body):
    path.write_bytes(f"# checksum crc32 {zlib.crc32(body):08x}\n".encode() + body)
    _, owner, notes = look(path.parent)
    assert owner == {}
    assert "cannot be used" in notes[0]


def test_a_file_that_was_removed_gives_way_to_the_one_before_and_says_how_to_go_on(path):
    with SettingsStore(path) as store:
        store.load()
        store.change("auto-lock", "off", who="ann", when_s=1)
        store.change("latch-mode", "always", who="ann", when_s=1)
    path.unlink()
    _, owner, notes = look(path.parent)
    assert owner == {"auto-lock": "off"}
    assert "is missing" in notes[0]
    assert "remove settings.toml.previous as well" in notes[0]
    path.with_name("settings.toml.previous").unlink()
    assert look(path.parent)[1:] == ({}, [])


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_is_put_out_of_the_way(path, kind):
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    _, owner, notes = look(path.parent)
    assert owner == {}
    assert "it is no file" in notes[0]
    with SettingsStore(path) as store:
        store.load()
        store.change("auto-lock", "off", who="ann", when_s=1)
    assert look(path.parent)[1:] == ({"auto-lock": "off"}, [])


# ---- the vendor's file --------------------------------------------------------------------------


def test_the_owners_settings_lie_over_the_vendors(path):
    vendor = path.with_name("vendor.toml")
    vendor.write_text('schema = 1\nlatch-mode = "always"\nauto-lock = true\n')
    with SettingsStore(path, vendor) as store:
        assert store.load() == Settings(latch_mode=Mode.ALWAYS)
        assert store.vendor_values == {"latch-mode": "always", "auto-lock": "on"}
        settings = store.change("latch-mode", "off", who="ann", when_s=1)
        assert settings.latch_mode is Mode.OFF
        assert vendor.read_text().startswith("schema = 1")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"auto-lok = true", r"unknown key 'auto-lok'"),
        (b"auto-lock = maybe", r"it is not TOML: .*; mend the file"),
        (b"\xff", r"it is not UTF-8 text \(byte 0\); mend the file"),
        (b"schema = 9", r"schema 9 is not known here"),
        (b"x" * 70_000, r"it is longer than 65536 bytes"),
    ],
)
def test_a_vendors_file_that_is_wrong_is_named(path, content, words):
    vendor = path.with_name("vendor.toml")
    vendor.write_bytes(content)
    with pytest.raises(SettingsError, match=r"vendor\.toml: " + words):
        SettingsStore(path, vendor).load()


def test_a_vendors_file_that_cannot_be_read_is_named(path, monkeypatch):
    vendor = path.with_name("vendor.toml")
    vendor.write_text("")
    opened = type(vendor).open

    def refuse(self, *args, **named):
        if self == vendor:
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **named)

    monkeypatch.setattr(type(vendor), "open", refuse)
    with pytest.raises(SettingsError, match=r"vendor\.toml: cannot be read \(Permission denied\)"):
        SettingsStore(path, vendor).load()


# ---- others -------------------------------------------------------------------------------------


def test_a_second_store_is_refused_until_the_first_is_closed(path):
    with SettingsStore(path) as first:
        first.load()
        with pytest.raises(SettingsLockedError, match="another process keeps these settings"):
            SettingsStore(path).load()
        first.change("auto-lock", "off", who="ann", when_s=1)
    with SettingsStore(path) as second:
        second.load()
        assert second.owner_values == {"auto-lock": "off"}
        second.load()


def test_a_store_that_is_not_loaded_changes_nothing(path):
    with pytest.raises(AssertionError, match="load the settings"):
        SettingsStore(path).change("auto-lock", "off", who="ann", when_s=1)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"/no: cannot be opened \(No such file.*make the folder"):
        SettingsStore(tmp_path / "no" / "settings.toml").load()


def test_a_folder_that_cannot_be_locked_is_named(path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match=r"cannot be opened \(No locks available\)"):
        SettingsStore(path).load()


AS_SOMEBODY_ELSE = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from vehicle.runtime.settings_store import SettingsStore, StoreError
os.setgid(61235); os.setuid(61235)
with SettingsStore(Path(sys.argv[1])) as store:
    store.load()
    print(store.owner_values, store.notes)
    try:
        store.change("latch-mode", "off", who="x", when_s=1)
    except StoreError as error:
        print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_user_without_rights_reads_what_he_may_and_changes_nothing(mode):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "settings.toml"
        with SettingsStore(path) as store:
            store.load()
            store.change("auto-lock", "off", who="ann", when_s=1)
        path.chmod(mode)
        content = path.read_bytes()
        told = subprocess.run(
            [sys.executable, "-c", AS_SOMEBODY_ELSE.format(path=sys.path), str(path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert path.read_bytes() == content
    assert ("{'auto-lock': 'off'}" in told) == (mode == 0o644)
    assert ("cannot be used: [Errno 13] Permission denied" in told) == (mode == 0o600)
    assert "the change was not saved (Permission denied)" in told
