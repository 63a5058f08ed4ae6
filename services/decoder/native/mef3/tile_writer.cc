#include "mef3/tile_writer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "mef3/sample_conversion.h"

namespace mef3 {
namespace {

constexpr std::size_t kValueBytes = 4;

// Calls `write(destination, offset from first, number of slots)` for the part of
// [first, end) that each tile holds.
template <typename Write>
void ForEachTile(const TileRun& run, std::int64_t first, std::int64_t end, Write write) {
  for (std::int64_t at = first; at < end;) {
    const std::int64_t in_run = at - run.first_slot;
    const std::int64_t tile = in_run / run.slots_per_tile;
    const std::int64_t in_tile = in_run - tile * run.slots_per_tile;
    const std::int64_t n = std::min(end - at, run.slots_per_tile - in_tile);
    std::uint8_t* const destination =
        run.tiles[static_cast<std::size_t>(tile)] + static_cast<std::size_t>(in_tile) * kValueBytes;
    write(destination, static_cast<std::size_t>(at - first), static_cast<std::size_t>(n));
    at += n;
  }
}

}  // namespace

void WriteSamples(const TileRun& run, std::int64_t first, std::span<const std::int32_t> counts,
                  double factor) {
  const auto end = first + static_cast<std::int64_t>(counts.size());
  ForEachTile(run, first, end, [&](std::uint8_t* destination, std::size_t offset, std::size_t n) {
    const auto part = counts.subspan(offset, n);
    if (run.kind == SampleKind::kCounts) {
      std::memcpy(destination, part.data(), part.size_bytes());
    } else {
      // Tiles are arrays of 4-byte values, aligned as such by their owner.
      ScaleCounts(part, factor, reinterpret_cast<float*>(destination));
    }
  });
}

void WriteNothing(const TileRun& run, std::int64_t first, std::int64_t end) {
  ForEachTile(run, first, end, [&](std::uint8_t* destination, std::size_t, std::size_t n) {
    if (run.kind == SampleKind::kCounts) {
      std::fill_n(reinterpret_cast<std::int32_t*>(destination), n, kNanCount);
    } else {
      std::fill_n(reinterpret_cast<float*>(destination), n,
                  std::numeric_limits<float>::quiet_NaN());
    }
  });
}

}  // namespace mef3
