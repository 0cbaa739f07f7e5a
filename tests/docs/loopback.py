"""Raises the loopback interface of a network namespace that was just made, and becomes a program.

    unshare --net python3 loopback.py PROGRAM [ARGUMENT …]

There is nothing else in that network: whatever the program reaches is its own, and no port is taken.
"""

import fcntl
import os
import socket
import struct
import sys

# As the constants are in Linux' headers.
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_RUNNING))
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
