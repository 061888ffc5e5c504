"""Where the real recordings are, for tests that read them."""

from __future__ import annotations

from pathlib import Path

import pytest

LOGS = Path(__file__).resolve().parents[2] / "shared" / "logs"

needs_recordings = pytest.mark.skipif(not LOGS.is_dir(), reason="../shared/logs is not here")
