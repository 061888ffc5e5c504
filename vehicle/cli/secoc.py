"""Wires the car's SecOC key to a live service: key file, freshness on disk, verifier.

Knows: what is needed for it, and which exit code says what is missing. Refuses to know: what a code
looks like. Nothing of it is imported where no key is named.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vehicle.cli.console import fail
from vehicle.runtime.freshness import FreshnessStore, key_check
from vehicle.runtime.secoc_key import KeyFileError, read_key
from vehicle.wire.loaded import Profile
from vehicle.wire.reader import Judge
from vehicle.wire.secoc import SecocMissingError, Verifier, mac_of


@contextlib.contextmanager
def authentication(
    profile: Profile,
    key_path: Path | None,
    state: Path | None,
    say: Callable[[str], None],
    *,
    keep: bool,
) -> Iterator[Judge | None]:
    """Give what checks authentication codes with the key in ``key_path``; None without a key.

    ``keep``: False for a dry run, which writes nothing. Ends the command with code 2 where the key
    cannot be used.
    """
    if key_path is None:
        yield None
        return
    if state is None:
        fail("--secoc-key needs a --state folder: what was used once must not count again", 2)
    if all(spec.secoc is None for spec in profile.messages.values()):
        fail(f"--secoc-key: profile {profile.name} has no message with a code; leave it out", 2)
    try:
        mac = mac_of(read_key(key_path))
    except (KeyFileError, SecocMissingError) as error:
        fail(f"--secoc-key: {error}", 2)
    with ThreadPoolExecutor(1, "freshness") as writer:
        freshness = FreshnessStore(state, key_check(mac), keep=keep, say=say, writer=writer)
        try:
            yield Verifier(mac, freshness).judge
        finally:
            freshness.close()
