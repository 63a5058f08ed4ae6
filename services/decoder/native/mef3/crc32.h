#ifndef MEF3_CRC32_H_
#define MEF3_CRC32_H_

#include <cstdint>
#include <span>

namespace mef3 {

inline constexpr std::uint32_t kCrcInitial = 0xFFFFFFFF;

// MEF's CRC-32: Koopman's polynomial 0x741B8CD7, reflected, no final inversion.
// Incremental: feed the result for the bytes so far as `initial`.
//
// Source: MEF 3.0 specification, "CRC"; P. Koopman, "32-Bit Cyclic Redundancy
// Codes for Internet Applications", 2002.
std::uint32_t Crc32(std::span<const std::uint8_t> bytes, std::uint32_t initial = kCrcInitial);

namespace internal {

// The two implementations behind Crc32, for tests and benchmarks.
std::uint32_t Crc32Sliced(std::span<const std::uint8_t> bytes, std::uint32_t initial);
#if defined(__x86_64__)
bool HasCarrylessMultiply();
std::uint32_t Crc32Folded(std::span<const std::uint8_t> bytes, std::uint32_t initial);
#endif

}  // namespace internal
}  // namespace mef3

#endif  // MEF3_CRC32_H_
