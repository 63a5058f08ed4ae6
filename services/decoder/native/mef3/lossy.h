#ifndef MEF3_LOSSY_H_
#define MEF3_LOSSY_H_

#include <cstdint>
#include <span>

namespace mef3 {

// What a lossy encoder took away and the decoder puts back.
struct LossyParameters {
  float scale_factor;  // applied only when > 1
  float slope;         // counts per sample
  float intercept;     // counts; both 0 means no trend was removed

  bool Scales() const { return scale_factor > 1.0F; }
  bool HasTrend() const { return slope != 0.0F || intercept != 0.0F; }
};

// Undoes scaling, then detrending, in place. Each step rounds back to int32,
// halves away from zero, saturating at ±(2^31 - 1); evaluated in double without
// fused multiply-add.
//
//   first_sample  number of samples[0] within its block, from 0: the trend is
//                 slope * (number + 1) + intercept
void RestoreLossy(const LossyParameters& parameters, std::uint32_t first_sample,
                  std::span<std::int32_t> samples);

}  // namespace mef3

#endif  // MEF3_LOSSY_H_
