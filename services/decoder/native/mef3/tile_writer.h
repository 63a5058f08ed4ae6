#ifndef MEF3_TILE_WRITER_H_
#define MEF3_TILE_WRITER_H_

#include <cstdint>
#include <span>

#include "mef3/run_decoder.h"

namespace mef3 {

// Writes samples into the tiles of a run, wherever their edges fall.

// Counts for slots [first, first + counts.size()), which must lie in the run.
void WriteSamples(const TileRun& run, std::int64_t first, std::span<const std::int32_t> counts,
                  double factor);

// "No sample" for slots [first, end), which must lie in the run.
void WriteNothing(const TileRun& run, std::int64_t first, std::int64_t end);

}  // namespace mef3

#endif  // MEF3_TILE_WRITER_H_
