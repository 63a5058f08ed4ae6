#ifndef MEF3_LIMITS_H_
#define MEF3_LIMITS_H_

#include <cstddef>
#include <cstdint>

// Absolute caps on what untrusted bytes may claim (docs/mef3-format.md, section 13).
// No allocation, loop bound or seek depends on a file's value before it was held
// against one of these and against the real size of the file.
namespace mef3 {

inline constexpr std::uint32_t kMaxBlockSamples = 1U << 22;
inline constexpr std::uint32_t kMaxBlockBytes = 32U << 20;
inline constexpr std::size_t kMaxIndexEntries = std::size_t{1} << 24;
inline constexpr double kMinSamplingRate = 1e-4;
inline constexpr double kMaxSamplingRate = 1e7;
// Times and recording time offsets, µs: doubles hold every integer up to here.
inline constexpr std::int64_t kMaxTime = std::int64_t{1} << 53;
// A hundred years, µs.
inline constexpr std::int64_t kMaxSpan = 3'200'000'000'000'000;
inline constexpr std::int64_t kMaxGridSlots = std::int64_t{1} << 42;

}  // namespace mef3

#endif  // MEF3_LIMITS_H_
