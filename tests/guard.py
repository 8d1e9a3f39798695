"""Runs one server for the tests and ends it when they end, however they end.

    python guard.py FOLDER USER COMMAND...

The tests hold the other end of standard input. The system closes it even when they are killed;
then the server is ended by its process id and FOLDER is removed. USER may be empty.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading

STDIN = 0
GRACE_S = 10.0


def guard(folder: str, user: str, command: list[str]) -> int:
    """Run the command in the folder until standard input closes; returns its exit code."""
    try:
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            user=user or None,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        ) as server:
            threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
            return server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_stdin(server: subprocess.Popen[bytes]) -> None:
    os.read(STDIN, 1)
    # PostgreSQL waits for its clients after SIGTERM and cuts them off after SIGINT.
    server.send_signal(signal.SIGINT)
    try:
        server.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1], sys.argv[2], sys.argv[3:]))
