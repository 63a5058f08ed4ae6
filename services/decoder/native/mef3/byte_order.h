#ifndef MEF3_BYTE_ORDER_H_
#define MEF3_BYTE_ORDER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace mef3 {

// Reverses the bytes of an unsigned integer.
template <typename T>
  requires std::is_unsigned_v<T>
constexpr T ByteSwap(T value) {
  T swapped = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    swapped = static_cast<T>((swapped << 8) | ((value >> (8 * i)) & 0xFF));
  }
  return swapped;
}

// Reads a little-endian value from possibly unaligned memory.
template <typename T>
T LoadLittleEndian(const std::uint8_t* bytes) {
  static_assert(std::endian::native == std::endian::little,
                "MEF is little-endian; a big-endian host needs swaps here");
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// Reads a little-endian field at `offset`; the caller has checked the length.
template <typename T>
T Field(std::span<const std::uint8_t> bytes, std::size_t offset) {
  return LoadLittleEndian<T>(bytes.data() + offset);
}

template <typename T>
void StoreLittleEndian(std::uint8_t* bytes, T value) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(bytes, &value, sizeof value);
}

// Reads 8 bytes as a big-endian number; compilers turn this into one load and
// one byte swap.
inline std::uint64_t LoadBigEndian64(const std::uint8_t* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

}  // namespace mef3

#endif  // MEF3_BYTE_ORDER_H_
