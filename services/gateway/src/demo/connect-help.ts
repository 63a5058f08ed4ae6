/** How to read a recording from Python, with the address and path as they are now. */
export function describeConnection(address: string, recordingPath: string): string[] {
  return [
    "To read from Python:",
    "",
    "  pip install mef3io-server",
    "",
    "  from mef3io_server.client import Mef3Client",
    `  client = Mef3Client(${pythonText(address)})`,
    `  path = ${pythonText(recordingPath)}`,
    "  info = client.open_file(path)",
    '  start = info["start_uutc"]',
    '  window = client.get_signal_range(path, info["channel_names"][:4], start, start + 10_000_000)',
    '  print(window["array"].shape, window["fs"])',
  ];
}

/** A Python literal; JSON's escapes are Python's, too. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}
