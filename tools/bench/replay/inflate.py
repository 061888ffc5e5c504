"""The floor of a BLF: its containers inflated with zlib, and nothing else.

python inflate.py LOG
"""

import struct
import sys
import zlib
from pathlib import Path


def main() -> None:
    """Inflate every container."""
    content = Path(sys.argv[1]).read_bytes()
    (at,) = struct.unpack_from("<4xL", content)
    total = 0
    while at + 32 <= len(content):
        (size,) = struct.unpack_from("<8xL", content, at)
        total += len(zlib.decompress(content[at + 32 : at + size]))
        at += size + size % 4
    print(total)


main()
