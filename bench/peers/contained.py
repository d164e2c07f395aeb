"""`python -m bench.peers.contained …`: the bench where loopback is all the network there is: no page, and no
other monitor's question for a newer version, leaves this host."""

import os
import sys

from bench.real import contain

if __name__ == "__main__":
    try:
        contain.leave_the_network()
    except OSError as error:
        sys.stderr.write(
            f"bench peers: the monitors cannot be kept from the network here ({error}):"
            " run it as root, or in a container without network\n"
        )
        sys.exit(contain.NOT_CONTAINED)
    os.execv(sys.executable, [sys.executable, "-m", "bench", "peers", *sys.argv[1:]])
