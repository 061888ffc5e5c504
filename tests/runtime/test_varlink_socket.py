"""Making the control socket: in use, stale, in the way, without rights."""

from __future__ import annotations

import fcntl
import grp
import os
import socket
import stat

import pytest

from vehicle.runtime.varlink_socket import ListenError, SocketInUseError, listen


def _stale(path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


@pytest.mark.parametrize("mode", [0o660, 0o666, 0o600])
def test_the_socket_has_its_mode_and_can_be_connected(tmp_path, mode):
    path = tmp_path / "s"
    listener = listen(path, mode=mode, group=None)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert listener.notes == ()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()
    listener.close()
    assert not path.exists()


def test_a_stale_socket_is_replaced(tmp_path):
    path = tmp_path / "s"
    _stale(path)
    listener = listen(path, group=None)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()


def test_a_live_server_is_not_replaced(tmp_path):
    path = tmp_path / "s"
    first = listen(path, group=None)
    for _ in range(3):
        with pytest.raises(SocketInUseError, match=r"/s: another service listens there; stop it"):
            listen(path, group=None)
    assert path.exists()
    first.close()
    listen(path, group=None).close()


@pytest.mark.parametrize("backlog", [5, 0])
def test_a_live_server_without_our_lock_is_not_replaced(tmp_path, backlog):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as client:
        other.bind(str(path))
        other.listen(backlog)
        client.connect(str(path))  # fills a backlog of 0
        with pytest.raises(SocketInUseError):
            listen(path, group=None)
    assert path.exists()


def test_what_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(ListenError, match=r"is there and is no socket; remove it"):
        listen(path, group=None)
    assert path.read_text() == "precious"


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ListenError, match=r"/no/s: cannot listen there \(No such file.*must exist"):
        listen(tmp_path / "no" / "s", group=None)


def test_a_path_that_is_too_long_is_named(tmp_path):
    with pytest.raises(ListenError, match="longer than 107 bytes"):
        listen(tmp_path / ("x" * 108), group=None)


def test_a_lock_that_cannot_be_taken_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ListenError, match=r"cannot listen there \(No locks available\)"):
        listen(tmp_path / "s", group=None)


def test_a_refusal_leaves_no_descriptor_behind(tmp_path):
    (tmp_path / "file").write_text("")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for name in ("file", "no/s", "x" * 108):
        with pytest.raises(ListenError):
            listen(tmp_path / name, group=None)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_group_that_does_not_exist_is_told(tmp_path):
    listener = listen(tmp_path / "s", group="no-such-group-here")
    assert "there is no group no-such-group-here" in listener.notes[0]
    listener.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_group_gets_the_socket(tmp_path):
    group = grp.getgrall()[-1]
    listener = listen(tmp_path / "s", group=group.gr_name)
    assert (tmp_path / "s").stat().st_gid == group.gr_gid
    assert listener.notes == ()
    listener.close()


@pytest.fixture
def nothing_may_be_given(monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)


@pytest.mark.usefixtures("nothing_may_be_given")
def test_a_group_that_may_not_have_it_is_told(tmp_path):
    other = next(each for each in grp.getgrall() if each.gr_gid != tmp_path.stat().st_gid)
    listener = listen(tmp_path / "s", group=other.gr_name)
    assert "may not be given to group" in listener.notes[0]
    listener.close()


@pytest.mark.usefixtures("nothing_may_be_given")
def test_a_socket_that_is_the_groups_already_need_not_be_given(tmp_path):
    own = grp.getgrgid(tmp_path.stat().st_gid)
    listener = listen(tmp_path / "s", group=own.gr_name)
    assert listener.notes == ()
    listener.close()


def test_closing_leaves_anothers_socket_alone(tmp_path):
    path = tmp_path / "s"
    listener = listen(path, group=None)
    path.unlink()
    path.write_text("another's")
    listener.close()
    assert path.read_text() == "another's"
    path.unlink()
    gone = listen(path, group=None)
    path.unlink()
    gone.close()
