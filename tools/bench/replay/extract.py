"""What people do today with MF4: asammdf extracts and decodes the car's messages, whole.

python extract.py LOG DBC
"""

import sys
import warnings


def main() -> None:
    """Extract, and count the samples."""
    warnings.simplefilter("ignore")
    from asammdf import MDF

    with MDF(sys.argv[1]) as measurement:
        found = measurement.extract_bus_logging({"CAN": [(sys.argv[2], 0)]})
        print(sum(group.channel_group.cycles_nr for group in found.groups))


main()
