"""The arrows between the layers, held by reading every import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "vehicle"

LAYERS = ("core", "wire", "runtime", "replay", "bridges", "cli")
"""Innermost first. A layer may import those before it, and itself."""

ALLOWED = {
    "core": {"core"},
    "wire": {"core", "wire"},
    "runtime": {"core", "wire", "runtime"},
    "replay": {"core", "wire", "runtime", "replay"},
    "bridges": {"core", "wire", "runtime", "bridges"},
    "cli": {"core", "wire", "runtime", "replay", "bridges", "cli"},
}

CORE_REFUSES = {
    "time",
    "datetime",
    "random",
    "os",
    "io",
    "pathlib",
    "socket",
    "threading",
    "asyncio",
    "can",
    "cantools",
    "click",
    "e2e",
}
"""The core knows no clock, chance, file, thread, bus or terminal."""

WIRE_REFUSES = CORE_REFUSES - {"pathlib", "os", "io", "cantools", "e2e"}
"""The wire layer reads profile files and uses cantools and E2E; no clock, thread or bus."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its layer"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _layer(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else "package"


def _forbidden_layer(layer: str, imported: str) -> bool:
    parts = imported.split(".")
    if parts[0] in ("tests", "tools"):
        return True
    if parts[0] != "vehicle" or len(parts) < 2 or parts[1] not in LAYERS:
        return False
    return parts[1] not in ALLOWED[layer]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_import_follows_the_arrows(path):
    layer = _layer(path)
    if layer == "package":
        assert _imports(path) == set()
        return
    wrong = sorted(name for name in _imports(path) if _forbidden_layer(layer, name))
    assert wrong == []


@pytest.mark.parametrize(("layer", "refused"), [("core", CORE_REFUSES), ("wire", WIRE_REFUSES)])
def test_the_pure_layers_import_no_clock_and_no_outside(layer, refused):
    reached = {
        (str(path.relative_to(ROOT)), name)
        for path in (PACKAGE / layer).rglob("*.py")
        for name in _imports(path)
        if name.split(".")[0] in refused
    }
    assert reached == set()


def test_the_replay_never_imports_python_can():
    reached = {
        str(path.relative_to(ROOT))
        for path in (PACKAGE / "replay").rglob("*.py")
        for name in _imports(path)
        if name.split(".")[0] == "can"
    }
    assert reached == set()


def test_an_arrow_that_runs_the_wrong_way_is_seen():
    assert _forbidden_layer("core", "vehicle.wire.frame.Frame")
    assert _forbidden_layer("wire", "vehicle.runtime.loop")
    assert _forbidden_layer("runtime", "vehicle.replay.run")
    assert _forbidden_layer("cli", "tools.accept")
    assert not _forbidden_layer("cli", "vehicle.core.signals.CarLock")


def test_every_module_says_what_it_knows():
    silent = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if not (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").strip()
    ]
    assert silent == []
