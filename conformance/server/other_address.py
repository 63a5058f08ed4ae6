"""Makes a client appear under another IP address, as a second machine would."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator

START_DEADLINE_S = 5.0


@contextlib.contextmanager
def relay_from(source_address: str, endpoint: str) -> Iterator[str]:
    """Forwards connections to `endpoint` from `source_address` (127.0.0.2 and so on); yields its own."""
    started: queue.Queue[tuple[int, Callable[[], None]]] = queue.Queue()
    relay = threading.Thread(target=lambda: asyncio.run(_serve(source_address, endpoint, started)))
    relay.start()
    port, stop = started.get(timeout=START_DEADLINE_S)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        stop()
        relay.join()


async def _serve(
    source_address: str, endpoint: str, started: queue.Queue[tuple[int, Callable[[], None]]]
) -> None:
    host, port = endpoint.rsplit(":", 1)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = (source_address, 0)
        far_reader, far_writer = await asyncio.open_connection(host, int(port), local_addr=source)
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    # Leaving this function ends the loop, and with it the connections still open.
    listener = await asyncio.start_server(forward, "127.0.0.1", 0)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    started.put((listener.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(stop.set)))
    await stop.wait()
    listener.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()
