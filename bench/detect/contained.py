"""`python -m bench.detect.contained …`: the bench where loopback is all the network there is, and any port
may be listened on: the pages keep the host names that they had, so they are served on port 80."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from bench.real import contain

_FIRST_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")

if __name__ == "__main__":
    try:
        contain.leave_the_network()
    except OSError as error:
        sys.stderr.write(
            f"bench detect: pages cannot be kept from the network here ({error}):"
            " run it as root, or in a container without network\n"
        )
        sys.exit(contain.NOT_CONTAINED)
    with suppress(OSError):  # root needs none of it
        _FIRST_PORT.write_text("0")
    os.execv(sys.executable, [sys.executable, "-m", "bench", "detect", *sys.argv[1:]])
