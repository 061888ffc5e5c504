"""The tool that accepts journals: what it writes, what it refuses, what it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from played import golden_of

ROOT = Path(__file__).resolve().parents[2]
NAME = "power_up_empty"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the tool, writing to a folder of its own and knowing one story."""
    spec = importlib.util.spec_from_file_location("accept", ROOT / "tools" / "accept.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "GOLDEN", tmp_path)
    monkeypatch.setattr(module, "PATHS", {NAME: module.PATHS[NAME]})
    monkeypatch.setattr(module, "golden_of", lambda name: tmp_path / golden_of(name).name)
    return module


def test_a_new_journal_is_written_and_then_unchanged(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main([]) == 0
    written = tmp_path / f"{NAME}.journal.jsonl"
    assert written.read_text() == golden_of(NAME).read_text()
    assert "1 new" in capsys.readouterr().out
    assert tool.main([NAME]) == 0
    assert "1 unchanged" in capsys.readouterr().out


def test_a_changed_journal_is_named(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"{NAME}.journal.jsonl").write_text("old\n")
    assert tool.main([]) == 0
    assert f"{NAME}: changed" in capsys.readouterr().out


def test_a_journal_without_its_story_is_removed(tool: ModuleType, tmp_path: Path) -> None:
    gone = tmp_path / "gone.journal.jsonl"
    gone.write_text("old\n")
    tool.main([NAME])
    assert gone.exists()
    tool.main([])
    assert not gone.exists()


def test_an_unknown_story_is_named_with_the_nearest(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["power_up_empt"]) == 2
    assert 'did you mean "power_up_empty"' in capsys.readouterr().err


def test_a_story_that_fails_is_not_accepted(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failed:
        failures = ("it rained",)

    monkeypatch.setattr(tool, "played", lambda *_: Failed())
    assert tool.main([]) == 1
    assert not list(tmp_path.iterdir())
