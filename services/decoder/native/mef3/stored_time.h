#ifndef MEF3_STORED_TIME_H_
#define MEF3_STORED_TIME_H_

#include <cstdint>
#include <limits>
#include <optional>

#include "mef3/limits.h"

namespace mef3 {

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// The time, in µs since 1970, that a stored time stands for; nothing when the
// field is "no entry" or out of bounds.
//
//   recording_time_offset  of the segment; 0 if it has none
//
// A negative sign marks "offset applied", also with an offset of zero; signs are
// mixed freely within one segment. Source: docs/mef3-format.md, section 6.2.
inline std::optional<std::int64_t> TrueTime(std::int64_t stored,
                                            std::int64_t recording_time_offset) {
  if (stored == kNoTime) return std::nullopt;
  std::int64_t time = stored;
  if (stored < 0 && __builtin_add_overflow(-stored, recording_time_offset, &time)) {
    return std::nullopt;
  }
  if (time > kMaxTime || time < -kMaxTime) return std::nullopt;
  return time;
}

}  // namespace mef3

#endif  // MEF3_STORED_TIME_H_
