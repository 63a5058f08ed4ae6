#include "mef3/crc32.h"

#include <array>
#include <cstddef>

#include "mef3/byte_order.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mef3 {
namespace {

constexpr std::uint32_t kPolynomial = 0xEB31D82E;  // 0x741B8CD7 with its bits reversed

constexpr std::uint32_t ShiftOut(std::uint32_t crc, int n_bits) {
  for (int i = 0; i < n_bits; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
  return crc;
}

// tables[j][b]: what byte b contributes when j more bytes follow it.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (std::uint32_t b = 0; b < 256; ++b) tables[0][b] = ShiftOut(b, 8);
  for (std::size_t j = 1; j < tables.size(); ++j) {
    for (std::size_t b = 0; b < 256; ++b) {
      const std::uint32_t before = tables[j - 1][b];
      tables[j][b] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

namespace internal {

std::uint32_t Crc32Sliced(std::span<const std::uint8_t> bytes, std::uint32_t initial) {
  std::uint32_t crc = initial;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const std::uint64_t eight = LoadLittleEndian<std::uint64_t>(bytes.data() + i) ^ crc;
    crc = 0;
    for (std::size_t j = 0; j < 8; ++j) crc ^= kTables[7 - j][(eight >> (8 * j)) & 0xFF];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ kTables[0][(crc ^ bytes[i]) & 0xFF];
  return crc;
}

#if defined(__x86_64__)

namespace {

// x^n mod P in the reflected representation that carry-less multiplication of
// reflected operands needs: 33 bits, the product being one bit short of 64.
constexpr std::uint64_t FoldConstant(int n) {
  // The register holds x^31 .. x^0 from bit 0 up; one shift multiplies by x.
  const std::uint32_t power = ShiftOut(0x80000000U, n);
  return std::uint64_t{power} << 1;
}

// Moves a 128-bit remainder over the following `distance` bits of the message.
constexpr std::uint64_t HighConstant(int distance) { return FoldConstant(distance - 32); }
constexpr std::uint64_t LowConstant(int distance) { return FoldConstant(distance + 32); }

[[gnu::target("pclmul,sse4.1")]] inline __m128i Fold(__m128i remainder, __m128i constants,
                                                     __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(remainder, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(remainder, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

[[gnu::target("pclmul,sse4.1")]] inline __m128i LoadBlock(const std::uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

}  // namespace

bool HasCarrylessMultiply() {
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

// Folds four 128-bit remainders over the message, joins them, and leaves the
// last 128 bits to the tables: they are a message with the same CRC.
//
// Source: V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction", Intel, 2009.
[[gnu::target("pclmul,sse4.1")]] std::uint32_t Crc32Folded(std::span<const std::uint8_t> bytes,
                                                           std::uint32_t initial) {
  if (bytes.size() < 64) return Crc32Sliced(bytes, initial);
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size() - 64;
  __m128i r0 = _mm_xor_si128(LoadBlock(at), _mm_cvtsi32_si128(static_cast<int>(initial)));
  __m128i r1 = LoadBlock(at + 16);
  __m128i r2 = LoadBlock(at + 32);
  __m128i r3 = LoadBlock(at + 48);
  at += 64;
  const __m128i by512 = _mm_set_epi64x(static_cast<long long>(HighConstant(512)),
                                       static_cast<long long>(LowConstant(512)));
  for (; left >= 64; left -= 64, at += 64) {
    r0 = Fold(r0, by512, LoadBlock(at));
    r1 = Fold(r1, by512, LoadBlock(at + 16));
    r2 = Fold(r2, by512, LoadBlock(at + 32));
    r3 = Fold(r3, by512, LoadBlock(at + 48));
  }
  const __m128i by128 = _mm_set_epi64x(static_cast<long long>(HighConstant(128)),
                                       static_cast<long long>(LowConstant(128)));
  __m128i joined = Fold(Fold(Fold(r0, by128, r1), by128, r2), by128, r3);
  for (; left >= 16; left -= 16, at += 16) joined = Fold(joined, by128, LoadBlock(at));
  std::array<std::uint8_t, 16> last;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(last.data()), joined);
  return Crc32Sliced({at, left}, Crc32Sliced(last, 0));
}

#endif

}  // namespace internal

std::uint32_t Crc32(std::span<const std::uint8_t> bytes, std::uint32_t initial) {
#if defined(__x86_64__)
  static const bool folds = internal::HasCarrylessMultiply();
  if (folds) return internal::Crc32Folded(bytes, initial);
#endif
  return internal::Crc32Sliced(bytes, initial);
}

}  // namespace mef3
