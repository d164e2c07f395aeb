"""`python -m bench.real.contain NAME …`: a bench where loopback is all the network there is.

Defacement pages hold hostile scripts, real ones ask others, monitors ask for newer versions of themselves.
A network namespace of its own (Linux): as root, or where users may make user namespaces. Any port may be
listened on there: pages that keep the host names that they had are served on port 80.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

NOT_CONTAINED = 3
_NEWUSER, _NEWNET = 0x10000000, 0x40000000  # <linux/sched.h>
_GETFLAGS, _SETFLAGS, _UP = 0x8913, 0x8914, 1  # <linux/sockios.h>, <linux/if.h>
_REQUEST = "16sh22x"  # struct ifreq
_FIRST_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def contained(name: str, argv: list[str]) -> int:
    """The exit code of the bench of this name, run with `argv` in a process that has left the network."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.call([sys.executable, "-m", __name__, name, *argv], env=environ)


def offline() -> bool:
    """Whether no interface but loopback is up."""
    return all(name == "lo" or not _flags(name) & _UP for _, name in socket.if_nameindex())


def leave_the_network() -> None:
    """Move this process to a network namespace with loopback only. Raises OSError where that is forbidden."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        raise OSError("no network namespaces on this system")
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_NEWNET):
        if libc.unshare(_NEWUSER | _NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SETFLAGS, struct.pack(_REQUEST, b"lo", _UP))


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, _GETFLAGS, struct.pack(_REQUEST, name.encode(), 0))
    return int(struct.unpack(_REQUEST, answer)[1])


if __name__ == "__main__":
    try:
        leave_the_network()
    except OSError as error:
        sys.stderr.write(
            f"bench {sys.argv[1]}: pages cannot be kept from the network here ({error}):"
            " run it as root, or in a container without network\n"
        )
        sys.exit(NOT_CONTAINED)
    with suppress(OSError):  # root needs none of it
        _FIRST_PORT.write_text("0")
    os.execv(sys.executable, [sys.executable, "-m", "bench", *sys.argv[1:]])
