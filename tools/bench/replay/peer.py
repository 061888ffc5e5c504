"""What people do today: python-can reads, cantools decodes the car's messages, nothing is decided.

python peer.py LOG DBC
"""

import sys

import can
import cantools


def main() -> None:
    """Decode, and count the changes of state."""
    database = cantools.database.load_file(sys.argv[2])
    ours = {message.frame_id for message in database.messages}
    last: dict[int, object] = {}
    changes = 0
    for message in can.LogReader(sys.argv[1]):
        if message.arbitration_id in ours:
            decoded = database.decode_message(
                message.arbitration_id, message.data, decode_choices=False
            )
            if last.get(message.arbitration_id) != decoded["State"]:
                last[message.arbitration_id] = decoded["State"]
                changes += 1
    print(changes)


main()
