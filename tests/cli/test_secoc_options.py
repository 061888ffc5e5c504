"""``--secoc-key``: what is needed for it, said in one line, and that the key is never shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import chargelock
from test_run_owner import RUN, running

from vehicle.cli.secoc import authentication
from vehicle.core.names import Authenticity
from vehicle.wire.codec import Encoder
from vehicle.wire.profile import load_profile
from vehicle.wire.secoc import Signer, mac_of

KEY = bytes(range(100, 116))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "secoc.key"
    path.write_bytes(KEY)
    path.chmod(0o600)
    return path


Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], key: Path, tmp_path: Path) -> Refused:
    """Return what people are told where the command ends with code 2, before anything runs."""

    def told(profile: str = "reference", state: Path | None = tmp_path) -> str:
        loaded = load_profile(profile)
        with (
            pytest.raises(SystemExit) as ended,
            authentication(loaded, key, state, print, keep=True),
        ):
            pass
        out, err = capsys.readouterr()
        assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
        assert KEY.hex() not in err
        return err

    return told


def test_a_key_needs_a_folder_to_keep_freshness_in(refused: Refused) -> None:
    assert "--secoc-key needs a --state folder" in refused(state=None)


def test_a_key_that_others_may_read_is_refused(refused: Refused, key: Path) -> None:
    key.chmod(0o644)
    assert "others may use the SecOC key (mode 0644); chmod 600 it" in refused()


def test_a_key_for_a_car_without_authenticated_messages_is_refused(refused: Refused) -> None:
    assert "profile nissan_leaf has no message with a code" in refused("nissan_leaf")


def test_a_missing_package_is_said(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.cmac", None)
    told = refused()
    assert "the package cryptography is not installed; install chargelock[secoc]" in told


def test_without_a_key_nothing_is_needed() -> None:
    with authentication(load_profile("nissan_leaf"), None, None, print, keep=True) as judge:
        assert judge is None


def test_the_end_keeps_the_exact_freshness(tmp_path: Path, key: Path) -> None:
    profile, spec = load_profile("reference"), load_profile("reference").messages["FreshnessState"]
    data = Encoder(profile, signer=Signer(mac_of(KEY))).encode("FreshnessState", {}).data
    found = []
    for _ in range(2):
        with authentication(profile, key, tmp_path, print, keep=True) as judge:
            assert judge is not None
            found.append(judge(0, spec, data))
    assert found == [Authenticity.GENUINE, Authenticity.STALE]


def test_the_command_ends_with_one_line(tmp_path: Path, key: Path) -> None:
    key.chmod(0o640)
    done = chargelock(*RUN, "secoc", "--secoc-key", key, "--state", tmp_path / "state")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_with_a_key_the_service_runs_and_says_nothing_of_it(tmp_path: Path, key: Path) -> None:
    state, log = tmp_path / "state", tmp_path / "drive.log"
    options = ("--secoc-key", key, "--state", state, "--socket", tmp_path / "s", "--record", log)
    with running("secoc-run", *options, "--journal", tmp_path / "j") as said:
        assert not [line for line in said if "SecOC" in line or "secoc.key" in line]
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path != key]
    assert {log, tmp_path / "j"} <= set(kept)
    for path in kept:
        content = path.read_bytes()
        assert KEY not in content
        assert KEY.hex().encode() not in content


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install")
def test_a_service_is_installed_with_its_key_as_a_credential(tmp_path: Path, key: Path) -> None:
    root = tmp_path / "image"
    (root / "etc/systemd/system").mkdir(parents=True)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "systemctl").write_text("#!/bin/sh\n")
    (tools / "systemctl").chmod(0o755)
    options = ("--channel", "can0", "--profile", "reference", "--root", root)
    path = {"PATH": f"{tools}:{os.environ['PATH']}"}
    done = chargelock("service", "install", *options, "--secoc-key", key, **path)
    assert (done.returncode, done.stderr) == (0, "")
    (unit,) = root.rglob("chargelock.service")
    lines = unit.read_text().splitlines()
    assert f"LoadCredential=secoc.key:{key}" in lines
