"""Starting and stopping a server as an operator would, by environment, readiness and signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import grpc

REPOSITORY = Path(__file__).resolve().parents[2]
ENTRY = REPOSITORY / "services" / "gateway" / "bin" / "mef3-gateway"

#: In a container it prefixes every path with /host_root, asked or not.
_PREDECESSOR = """
import runpy
import mef3io_server.server.file_manager as file_manager
file_manager.is_running_in_docker = lambda: False
runpy.run_module("mef3io_server.server", run_name="__main__")
"""

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 40.0
MAX_LOG_BYTES = 1 << 20


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """A server that answers at `endpoint`; `process` is None for one that was running already."""

    endpoint: str
    admin_url: str | None = None
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None

    def admin(self, path: str) -> tuple[int, str]:
        """Status and body of an admin page."""
        assert self.admin_url is not None
        try:
            with urllib.request.urlopen(self.admin_url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def log_text(self) -> str:
        """What the process has printed so far."""
        if self.log is None:
            return ""
        return os.pread(self.log.fileno(), MAX_LOG_BYTES, 0).decode(errors="replace")

    def terminate(self) -> None:
        """Asks for a graceful end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait_for_exit(self) -> int:
        """The exit code; fails (and kills) when the process outlives the deadline."""
        assert self.process is not None
        try:
            return self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(
                f"the server did not end within {STOP_DEADLINE_S:.0f} s of SIGTERM:\n{self.log_text()}"
            ) from None

    def stop(self) -> None:
        """Ends the process and asserts that it ended well; nothing for a server we did not start."""
        if self.process is None or self.process.returncode is not None:
            return
        self.terminate()
        code = self.wait_for_exit()
        assert code == 0, f"the server ended with {code}:\n{self.log_text()}"


def start_ours(data_root: Path, environment: Mapping[str, str] | None = None) -> Server:
    """Starts this repository's server in embedded mode and waits until it is ready."""
    assert ENTRY.exists(), f"{ENTRY.relative_to(REPOSITORY)} is missing: build the repository first"
    port, admin_port = free_port(), free_port()
    server = _spawn(
        [str(ENTRY)],
        REPOSITORY,
        {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ADMIN_HOST": "127.0.0.1",
            "ADMIN_PORT": str(admin_port),
            "DATA_ROOTS": str(data_root),
            "LOG_LEVEL": "warn",
            **(environment or {}),
        },
    )
    server.endpoint = f"127.0.0.1:{port}"
    server.admin_url = f"http://127.0.0.1:{admin_port}"
    _wait_until(server, lambda: _answers_ready(server))
    return server


def start_predecessor(environment: Mapping[str, str] | None = None) -> Server:
    """Starts mef3io-server with its own defaults, prefetch included."""
    port = free_port()
    server = _spawn(
        [sys.executable, "-c", _PREDECESSOR],
        Path(tempfile.mkdtemp(prefix="predecessor-")),
        {"PORT": str(port), "READER_PROCESSES": "1", "USE_PROCESS_POOL": "false", **(environment or {})},
    )
    server.endpoint = f"127.0.0.1:{port}"
    _wait_until(server, lambda: _accepts_calls(server))
    return server


def _spawn(command: list[str], folder: Path, environment: Mapping[str, str]) -> Server:
    log = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    return Server(endpoint="", process=process, log=log)


def _wait_until(server: Server, ready: Callable[[], bool]) -> None:
    assert server.process is not None
    deadline = time.monotonic() + START_DEADLINE_S
    while not ready():
        code = server.process.poll()
        assert code is None, f"the server ended with {code} while starting:\n{server.log_text()}"
        if time.monotonic() > deadline:
            server.process.kill()
            raise AssertionError(f"not ready after {START_DEADLINE_S:.0f} s:\n{server.log_text()}")
        time.sleep(0.05)


def _answers_ready(server: Server) -> bool:
    try:
        return server.admin("/ready")[0] == 200
    except (urllib.error.URLError, OSError):
        return False


def _accepts_calls(server: Server) -> bool:
    with grpc.insecure_channel(server.endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=0.5)
        except grpc.FutureTimeoutError:
            return False
    return True
