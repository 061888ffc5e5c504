"""chargelock: decides when a car's charge-port latch and adapter lock engage, and says why.

The layers, outermost first: ``cli -> replay -> runtime -> wire -> core``. Each may use the ones to
its right and never the ones to its left; ``tests/test_layers.py`` holds them to it.
"""

VERSION = "0.1.0"
"""The release; the distribution takes its own from here."""
