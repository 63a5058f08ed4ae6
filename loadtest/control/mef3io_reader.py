"""A contender that reads with single-threaded ``mef3io.Reader``.

Requests and answers are JSON lines, as in ``our-reader.ts``. Reads give float32,
the type our answers have, which is also mef3io's fastest.
"""

import json
import sys
import time

import mef3io


def read_everything(reader: mef3io.Reader) -> int:
    """Reads every channel from its start to its end; returns the number of samples."""
    return sum(len(reader.read(channel, dtype="float32")) for channel in reader.channels)


def read_windows(reader: mef3io.Reader, windows: list[list[int]]) -> int:
    """Reads windows, given as first slot and number of slots, over all channels."""
    channels = reader.channels
    info = reader.info(channels[0])
    start, rate = info["start_time"], info["sampling_frequency"]
    samples = 0
    for first, n in windows:
        t0 = start + round(first * 1e6 / rate)
        t1 = start + round((first + n) * 1e6 / rate)
        for channel in channels:
            samples += len(reader.read(channel, t0, t1, dtype="float32"))
    return samples


def main() -> None:
    readers: dict[str, mef3io.Reader] = {}
    for line in sys.stdin:
        request = json.loads(line)
        path = request["session"]
        reader = readers.setdefault(path, mef3io.Reader(path, n_threads=1))
        cpu, started = time.process_time(), time.perf_counter()
        windows = request.get("windows")
        samples = read_everything(reader) if windows is None else read_windows(reader, windows)
        answer = {
            "seconds": time.perf_counter() - started,
            "cpuSeconds": time.process_time() - cpu,
            "samples": samples,
        }
        print(json.dumps(answer), flush=True)


main()
