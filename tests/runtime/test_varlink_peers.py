"""Real clients of the control socket: other users, and the client of the package varlink."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import varlink
from varlink.scanner import Interface, _Error, _Method
from varlink_bench import (
    ALL_SETTINGS,
    CHANGED,
    GUARD_S,
    LINE,
    STATUS,
    WHY,
    serving_thread,
)

from vehicle.runtime import varlink_methods as methods
from vehicle.runtime.varlink_access import Access, Needs, Peer, access_for, may, peer_of
from vehicle.runtime.varlink_methods import (
    CHARGELOCK,
    CHARGELOCK_SIGNATURES,
    SERVICE,
    SERVICE_SIGNATURES,
    Kind,
    description_of,
)

GROUP = 61234
"""A group id of no name, for the tests."""
USER = 61235

# ---- who may ------------------------------------------------------------------------------------

PEERS = {
    "root": Peer(1, 0, frozenset({0})),
    "the service's user": Peer(1, 990, frozenset({990})),
    "member by main group": Peer(1, USER, frozenset({GROUP})),
    "member by another group": Peer(1, USER, frozenset({USER, 4, GROUP})),
    "other": Peer(1, USER, frozenset({USER, 4})),
    "other in group root": Peer(1, USER, frozenset({0})),
}
CHANGERS = {"root", "the service's user", "member by main group", "member by another group"}


@pytest.mark.parametrize("read_all", [True, False])
@pytest.mark.parametrize("needs", list(Needs))
@pytest.mark.parametrize("who", PEERS)
def test_who_may_do_what(who, needs, read_all):
    allowed = may(
        PEERS[who],
        needs,
        change_uids=frozenset({0, 990}),
        change_gids=frozenset({GROUP}),
        read_all=read_all,
    )
    assert allowed == (who in CHANGERS or (needs is Needs.READ and read_all))


def test_groups_that_do_not_exist_have_no_members():
    access = access_for(("no-such-group-here", "root"))
    assert access.change_gids == frozenset({0})
    assert access.change_uids == {0, os.geteuid()}
    assert access.change_words == (
        "root or a member of group no-such-group-here or a member of group root"
    )


def test_a_user_without_a_name_is_told_by_number():
    assert Peer(1, USER, frozenset()).user == f"uid {USER}"
    assert Peer(1, 0, frozenset()).user == "root"


@pytest.mark.parametrize("known", [True, False])
def test_the_user_database_answers_for_a_kernel_that_does_not(monkeypatch, known):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert os.getgid() in peer_of(ours).gids
        monkeypatch.setattr("vehicle.runtime.varlink_access._SO_PEERGROUPS", 9999)
        user = pwd.getpwuid(os.getuid())

        def getpwuid(_):
            if not known:
                raise KeyError
            return user

        monkeypatch.setattr(pwd, "getpwuid", getpwuid)
        listed = set(os.getgrouplist(user.pw_name, os.getgid())) if known else set()
        assert peer_of(ours).gids == {os.getgid(), *listed}


CALL_ALL = """
import json, socket, sys
methods, path = json.loads(sys.argv[1]), sys.argv[2]
for method, parameters in methods:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        call = {"method": method, "parameters": parameters, "more": True}
        sock.sendall(json.dumps(call).encode() + bytes(1))
        data = b""
        while bytes(1) not in data:
            data += sock.recv(65536)
    print(json.loads(data.partition(bytes(1))[0]).get("error"))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(
    ("user", "group", "extra", "changes"),
    [
        (0, 0, [], True),
        (USER, GROUP, [], True),
        (USER, USER, [4, GROUP], True),
        (USER, USER, [4, 7], False),
        (USER, 0, [0], False),
    ],
    ids=["root", "member", "member by another group", "other", "other in group root"],
)
def test_each_method_for_each_kind_of_real_user(user, group, extra, changes):
    given = {"SetSetting": {"key": "auto-lock", "value": "off"}, "UnsetSetting": {"key": "x"},
             "PreviewSetting": {"key": "x"}, "Journal": {"count": 1}}  # fmt: skip
    calls = [(f"{CHARGELOCK}.{name}", given.get(name, {})) for name in CHARGELOCK_SIGNATURES]
    access = Access(frozenset({0}), frozenset({GROUP}))
    with serving_thread(access) as bench:
        told = subprocess.run(
            [_python(), "-I", "-S", "-c", CALL_ALL, json.dumps(calls), str(bench.path)],
            user=user,
            group=group,
            extra_groups=extra,
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
            timeout=GUARD_S,
        ).stdout.split()
    for (name, signature), error in zip(CHARGELOCK_SIGNATURES.items(), told, strict=True):
        is_denied = error == "org.chargelock.Denied"
        assert is_denied == (signature.needs is Needs.CHANGE and not changes), (name, error)


def _python() -> str:
    """A Python that another user may start."""
    for path in filter(Path.exists, (Path("/usr/bin/python3"), Path(sys.executable))):
        ended = subprocess.run(
            [path, "-c", ""], user=USER, group=USER, extra_groups=[], cwd="/", check=False
        )
        if ended.returncode == 0:
            return str(path)
    pytest.skip("no Python here that another user may start")


# ---- the interface files ------------------------------------------------------------------------

_KINDS = {
    Kind.TEXT: "str",
    Kind.TEXT_OR_NONE: "?str",
    Kind.COUNT: "int",
    Kind.COUNT_OR_NONE: "?int",
    Kind.TRUTH: "bool",
    Kind.NUMBER: "float",
    Kind.TEXTS_OR_NONE: "?_Dict",
}


def _kind(declared):
    if type(declared).__name__ == "_Maybe":
        return "?" + _kind(declared.element_type)
    return type(declared).__name__


@pytest.mark.parametrize(
    ("name", "signatures"), [(CHARGELOCK, CHARGELOCK_SIGNATURES), (SERVICE, SERVICE_SIGNATURES)]
)
def test_the_table_of_methods_is_what_the_interface_file_declares(name, signatures):
    interface = Interface(description_of(name))
    assert interface.name == name
    declared = {key: one for key, one in interface.members.items() if isinstance(one, _Method)}
    assert {
        key: {field: _kind(kind) for field, kind in one.in_type.fields.items()}
        for key, one in declared.items()
    } == {
        key: {field: _KINDS[kind] for field, kind in one.parameters.items()}
        for key, one in signatures.items()
    }
    undocumented = [key for key, one in interface.members.items() if not (one.doc or "").strip()]
    assert undocumented == [] or name == SERVICE


def test_every_error_of_the_interface_can_be_made_and_no_other():
    made = [
        methods.denied("n"),
        methods.unsafe("r", "a"),
        methods.failed("r", "a"),
        methods.bad_setting("m"),
        methods.bad_guest("m"),
        methods.code_refused("v", "r", "a", 1),
        methods.not_ready(),
    ]
    declared = {
        f"{CHARGELOCK}.{key}": set(one.type.fields)
        for key, one in Interface(description_of(CHARGELOCK)).members.items()
        if isinstance(one, _Error)
    }
    assert {error.name: set(error.parameters) for error in made} == declared


# ---- the client of the package "varlink" --------------------------------------------------------


def _without_nulls(value):
    """This client leaves out what is null."""
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def test_the_varlink_package_discovers_and_calls_every_method():
    with serving_thread() as bench, varlink.Client(f"unix:{bench.path}") as client:
        info = client.get_interfaces() and client.info
        assert (info["product"], info["version"]) == ("chargelock", "7")
        assert info["interfaces"] == [CHARGELOCK, SERVICE]
        with client.open(CHARGELOCK) as car:
            assert car.Status() == _without_nulls(STATUS)
            assert car.Why("latch") == WHY
            assert car.Why() == WHY
            assert car.Journal(3) == {"now_us": 9, "lines": [LINE]}
            assert car.Unlatch()["result"] == "released"
            assert [step["done"] for step in car.Unlatch(_more=True)] == [False, True]
            assert car.GetSettings() == ALL_SETTINGS
            assert car.PreviewSetting("auto-lock", "off") == CHANGED
            assert car.SetSetting("auto-lock", "off") == CHANGED
            assert car.UnsetSetting("auto-lock") == CHANGED
            with pytest.raises(varlink.VarlinkError) as told:
                car.SetSetting("auto-lok", "off")
            assert told.value.error() == "org.chargelock.BadSetting"
            assert told.value.parameters() == {"message": "unknown key 'auto-lok'"}
            assert car.Why("latch", _oneway=True) is None
            with pytest.raises(varlink.MethodNotImplemented):
                car.Latch()
            assert next(car.Events(_more=True)) == {"event": LINE, "heartbeat": False}
