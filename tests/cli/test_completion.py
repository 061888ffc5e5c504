"""Shell completion: printed, put in place with one command, and true to the settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import environment

from vehicle.cli.main import main

PLACES = {
    "bash": ".local/share/chargelock/completion.bash",
    "fish": ".config/fish/completions/chargelock.fish",
    "zsh": ".local/share/chargelock/completion.zsh",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, without the folders that XDG or zsh could name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("shell", sorted(PLACES))
def test_the_script_is_printed(shell) -> None:
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert "_CHARGELOCK_COMPLETE" in done.stdout
    assert "chargelock" in done.stdout


@pytest.mark.parametrize("shell", sorted(PLACES))
def test_the_script_is_put_where_the_shell_looks_and_only_once(home, shell) -> None:
    for _ in range(2):
        done = CliRunner().invoke(main, ["completion", shell, "--install"])
        assert done.exit_code == 0
        assert done.stdout == f"{home / PLACES[shell]}\nOpen a new shell to use it.\n"
    script = (home / PLACES[shell]).read_text(encoding="utf-8")
    assert script.count("_CHARGELOCK_COMPLETE=") == 1
    for name in (".bashrc", ".zshrc"):
        if name != f".{shell}rc":
            assert not (home / name).exists()
            continue
        start = (home / name).read_text(encoding="utf-8")
        assert start.count("# chargelock completion") == 1
        assert str(home / PLACES[shell]) in start


def test_the_folders_that_the_environment_names_are_used(home, monkeypatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("ZDOTDIR", str(home))
    (home / ".zshrc").write_text("setopt autocd\n", encoding="utf-8")
    CliRunner().invoke(main, ["completion", "zsh", "--install"])
    assert (home / "data/chargelock/completion.zsh").exists()
    assert (home / ".zshrc").read_text(encoding="utf-8").startswith("setopt autocd\n\n((")


def test_a_home_that_cannot_be_written_is_told(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    done = CliRunner().invoke(main, ["completion", "bash", "--install"])
    assert done.exit_code == 1
    assert "cannot be written (Not a directory); print the script instead" in done.stderr


def test_another_shell_is_misuse() -> None:
    assert CliRunner().invoke(main, ["completion", "cmd"]).exit_code == 2


AS_INSTALLED = "import sys; sys.argv[0] = 'chargelock'; from vehicle.cli.main import main; main()"
"""The command under the name that its entry point gives it."""


def completed(*words: str) -> list[str]:
    """Return what bash would offer for the last of ``words``."""
    done = subprocess.run(
        [sys.executable, "-c", AS_INSTALLED],
        env=environment(
            _CHARGELOCK_COMPLETE="bash_complete",
            COMP_WORDS=" ".join(("chargelock", *words)),
            COMP_CWORD=str(len(words)),
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    return [each.partition(",")[2] for each in done.stdout.splitlines() if each]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("unl",), ["unlatch"]),
        (("settings", "s"), ["set", "show"]),
        (("settings", "set", "auto"), ["auto-lock"]),
        (("settings", "show", "release"), ["release-when-full", "release-grace-min"]),
        (("settings", "unset", "power"), ["power-cut-hold-s"]),
        (("settings", "set", "latch-mode", "w"), ["with-car", "while-charging"]),
        (("settings", "set", "release-grace-min", "1"), []),
        (("why", "a"), ["adapter"]),
    ],
    ids=" ".join,
)
def test_commands_settings_and_values_are_completed(words, offered) -> None:
    assert completed(*words) == offered
