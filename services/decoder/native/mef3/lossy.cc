#include "mef3/lossy.h"

#include <cstddef>

namespace mef3 {
namespace {

std::int32_t RoundSaturating(double value) {
  constexpr double kLimit = 2147483647.0;
  if (value >= 0.0) {
    const double up = value + 0.5;
    return up >= kLimit ? 2147483647 : static_cast<std::int32_t>(up);
  }
  const double down = value - 0.5;
  return down <= -kLimit ? -2147483647 : static_cast<std::int32_t>(down);
}

}  // namespace

void RestoreLossy(const LossyParameters& parameters, std::uint32_t first_sample,
                  std::span<std::int32_t> samples) {
  if (parameters.Scales()) {
    const double scale = parameters.scale_factor;
    for (std::int32_t& sample : samples) {
      sample = RoundSaturating(static_cast<double>(sample) * scale);
    }
  }
  if (parameters.HasTrend()) {
    const double slope = parameters.slope;
    const double intercept = parameters.intercept;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double number = static_cast<double>(first_sample) + static_cast<double>(i) + 1.0;
      const double trend = slope * number;
      samples[i] = RoundSaturating((static_cast<double>(samples[i]) + trend) + intercept);
    }
  }
}

}  // namespace mef3
