import { readdir } from "node:fs/promises";
import path from "node:path";

/** Chosen: enough for project/subject/date/recording, and soon through. */
const MAX_DEPTH = 5;
const MAX_FOLDERS = 5_000;

/**
 * Finds recordings (`.mefd`) at or below a folder, those nearest to it first,
 * up to `limit`. Folders that cannot be read are passed over: this is a help for
 * people, not an inventory.
 */
export async function findRecordings(folder: string, limit: number): Promise<string[]> {
  if (folder.endsWith(".mefd")) return [folder];
  const found: string[] = [];
  let level = [folder];
  let nFolders = 0;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const parent of level) {
      nFolders += 1;
      if (nFolders > MAX_FOLDERS) return found;
      for (const child of await subfoldersOf(parent)) {
        if (!child.endsWith(".mefd")) next.push(child);
        else if (found.push(child) === limit) return found;
      }
    }
    level = next;
  }
  return found;
}

async function subfoldersOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => path.join(folder, entry.name))
      .sort();
  } catch {
    // Unreadable, or gone in between; the server will say so if anyone asks for it.
    return [];
  }
}
