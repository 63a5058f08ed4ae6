import { rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * Waits until the file system's clock has moved on, so that what is written
 * next cannot have the times of what was written before. It ticks every few ms.
 */
export async function untilFileClockTicks(folder: string): Promise<void> {
  const probe = path.join(folder, ".clock");
  const timeOf = async (): Promise<number> => {
    await writeFile(probe, "");
    return (await stat(probe)).mtimeMs;
  };
  const before = await timeOf();
  for (let now = before; now === before; now = await timeOf());
  await rm(probe);
}
