"""`python -m bench.scale.contained …`: the bench where loopback is all the network there is, since real pages
of the corpus have scripts that would ask others."""

import os
import sys

from bench.real import contain

if __name__ == "__main__":
    try:
        contain.leave_the_network()
    except OSError as error:
        sys.stderr.write(
            f"bench scale: real pages cannot be kept from the network here ({error}):"
            " run it as root, in a container without network, or with --generated\n"
        )
        sys.exit(contain.NOT_CONTAINED)
    os.execv(sys.executable, [sys.executable, "-m", "bench.scale.main", *sys.argv[1:]])
