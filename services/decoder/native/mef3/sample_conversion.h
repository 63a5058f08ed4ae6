#ifndef MEF3_SAMPLE_CONVERSION_H_
#define MEF3_SAMPLE_CONVERSION_H_

#include <cstdint>
#include <limits>
#include <span>

namespace mef3 {

// The count that stands for "not a number" in the file format.
inline constexpr std::int32_t kNanCount = std::numeric_limits<std::int32_t>::min();

// Converts counts to native units: the product in double, rounded once to float;
// NaN for kNanCount. Writes counts.size() values.
void ScaleCounts(std::span<const std::int32_t> counts, double factor, float* values);

}  // namespace mef3

#endif  // MEF3_SAMPLE_CONVERSION_H_
