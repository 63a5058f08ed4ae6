#include "mef3/sample_conversion.h"

#include <bit>
#include <cstddef>

// Plain loops that compilers vectorise; x86-64 gets versions for wider vectors.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MEF3_WIDE_VECTORS [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define MEF3_WIDE_VECTORS
#endif

namespace mef3 {

MEF3_WIDE_VECTORS void ScaleCounts(std::span<const std::int32_t> counts, double factor,
                                   float* values) {
  constexpr auto kNan = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::quiet_NaN());
  const std::int32_t* const __restrict in = counts.data();
  float* const __restrict out = values;
  const std::size_t n = counts.size();
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = static_cast<float>(static_cast<double>(in[i]) * factor);
    // All ones for the reserved count: a choice by bits, since a choice by branch
    // keeps the loop from being vectorised.
    const std::uint32_t is_nan = 0U - static_cast<std::uint32_t>(in[i] == kNanCount);
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    out[i] = std::bit_cast<float>((bits & ~is_nan) | (kNan & is_nan));
  }
}

}  // namespace mef3
