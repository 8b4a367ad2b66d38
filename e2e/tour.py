"""Looks at the UI of a Trunkline that has been busy for a month: `pictures FOLDER` or `speed [ROWS]`.

`make screenshots` and `make ui-speed` build what it needs; FILL names the program that writes the month.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kit import backends
from kit.gateway import Gateway
from kit.pages import JOURNEY_DEADLINE_S, PAGES_DEADLINE_S, SIGN_IN, busy_document, send_traffic, travel

DAYS = 30
PICTURED_ROWS = 20_000
MILLION = 1_000_000
FILL_DEADLINE_S = 900
#: From the address to a page that can be used.
WORST_MS = 1_000


def main(words: list[str]) -> None:
    pictures = Path(words[1]).resolve() if words[0] == "pictures" else None
    rows = PICTURED_ROWS if pictures else int((words[1:] or [MILLION])[0])
    with tempfile.TemporaryDirectory() as name, backends.aimock(Path(name)) as mock:
        folder = Path(name)
        (folder / "data").mkdir()
        fill = [os.environ["FILL"], str(folder / "data" / "trunkline.db"), str(rows), str(DAYS)]
        subprocess.run(fill, check=True, timeout=FILL_DEADLINE_S)
        gateway = Gateway(folder, busy_document(mock), env=SIGN_IN)
        try:
            send_traffic(gateway)
            if pictures:
                print(travel("pages", gateway, PAGES_DEADLINE_S, pictures=str(pictures)))
            else:
                print(travel("race", gateway, JOURNEY_DEADLINE_S, worst_ms=WORST_MS))
        finally:
            gateway.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
