import type { WindowReader } from "../read-path/window-reader";
import type { SessionCatalogue } from "../sessions/session-catalogue";
import type { MessageBufferPool } from "./message-buffer-pool";
import type { OpenFiles } from "./open-files";
import type { ReadSlots } from "./read-slots";
import type { WindowLimits } from "./window-arithmetic";

/** What the handlers of this service work with. */
export interface CompatParts {
  readonly catalogue: SessionCatalogue;
  readonly windows: WindowReader;
  readonly openFiles: OpenFiles;
  readonly pool: MessageBufferPool;
  readonly reads: ReadSlots;
  readonly limits: WindowLimits;
  /** Sample data per message, at most. */
  readonly messageBytes: number;
  /** Whether damaged samples fail a read or are NaN; these clients cannot ask. */
  readonly damage: "error" | "nan";
  /** Segments decoded ahead on both sides of one that was read, if the reader can. */
  readonly prefetchSegments: number;
}
