"""What holds for every test: what looks random is the same each time.

A run that fails must fail again for whoever looks into it, and no change may be blamed for what
another one's luck would have found. Longer and freshly seeded searches are a matter of hand.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")
