#ifndef MEF3_SAMPLE_GRID_H_
#define MEF3_SAMPLE_GRID_H_

#include <cmath>
#include <cstdint>
#include <optional>

#include "mef3/limits.h"

namespace mef3 {

// A channel's sample grid: slot i is the place of the sample nearest to
// start + i / sampling_rate.
struct SampleGrid {
  std::int64_t start;    // µs since 1970 of slot 0: the channel's start
  double sampling_rate;  // Hz

  // The slot of a time; nothing beyond ±2^42 slots.
  //
  // The arithmetic is part of the contract, in every language the same: subtract
  // in integers, multiply, then divide in double, halves away from zero, without
  // fused multiply-add (docs/mef3-format.md, section 9).
  std::optional<std::int64_t> Slot(std::int64_t time) const {
    const double slots = static_cast<double>(time - start) * sampling_rate / 1e6;
    if (!(std::abs(slots) <= static_cast<double>(kMaxGridSlots))) return std::nullopt;
    return std::llround(slots);
  }
};

}  // namespace mef3

#endif  // MEF3_SAMPLE_GRID_H_
