#ifndef MEF3_TESTING_RED_VECTORS_H_
#define MEF3_TESTING_RED_VECTORS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "testing/reference_codec.h"
#include "testing/signals.h"

// The RED blocks of docs/mef3-format.md, section 8.6, byte for byte.
namespace mef3::test {

using Bytes = std::vector<std::uint8_t>;

template <typename T>
void Put(Bytes& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

// Bytes from hexadecimal digits; spaces are skipped.
inline Bytes Hex(std::string_view digits) {
  Bytes bytes;
  bool half = false;
  for (const char c : digits) {
    if (c == ' ') continue;
    const int value = c <= '9' ? c - '0' : c - 'a' + 10;
    if (!half) bytes.push_back(0);
    bytes.back() = static_cast<std::uint8_t>(bytes.back() * 16 + value);
    half = !half;
  }
  return bytes;
}

inline void PutHex(Bytes& bytes, std::size_t offset, std::string_view digits) {
  const Bytes values = Hex(digits);
  std::memcpy(bytes.data() + offset, values.data(), values.size());
}

// Makes the block's CRC right for its bytes as they are.
inline void FixCrc(Bytes& block) {
  Put(block, 0, ReferenceCrc(std::span<const std::uint8_t>(block).subspan(4)));
}

inline constexpr std::int64_t kStartOfA = 1577836800000000;

inline Samples SamplesOfA() {
  return {100,  101,  103,  102,  102,    99,     95,     90,     88,     5000,
          5001, 5003, 5000, 4990, -70000, -70001, -69999, -69999, -69990, -69985};
}

inline Bytes StreamOfA() {
  return Hex(
      "64 00 00 00 01 02 ff 00 fd fc fb fe 80 88 13 00 00 01 02 fd f6 80 90 ee fe ff ff 02 "
      "00 09 05");
}

inline Bytes BlockA() {
  Bytes block(320, 0);
  PutHex(block, 0x000, "04 fb e9 16 01 00 00 00 00 00 00 00 00 00 00 00");
  PutHex(block, 0x010, "00 00 00 00 00 00 00 00 00 00 80 3f 20 00 00 00");
  PutHex(block, 0x020, "14 00 00 00 40 01 00 00 00 40 fa c1 08 9b 05 00");
  PutHex(block, 0x030, "07 02 03 00 00 01 00 00 00 01 00 00 00 00 00 00");
  PutHex(block, 0x040, "00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00");
  PutHex(block, 0x090, "00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00");
  PutHex(block, 0x0b0, "02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00");
  PutHex(block, 0x0c0, "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
  PutHex(block, 0x110, "00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00");
  PutHex(block, 0x120, "00 00 00 00 00 00 01 00 00 00 00 01 01 02 02 03");
  PutHex(block, 0x130, "7b e5 0f 50 4d be 89 7d e7 f1 9b 6f 25 b2 d3 00");
  return block;
}

inline std::array<std::uint8_t, 16> PlainStatisticsOfA() {
  std::array<std::uint8_t, 16> plain;
  std::memcpy(plain.data(), &BlockA()[48], plain.size());
  return plain;
}

// Block A with its statistics encrypted, by `pass1` and by `pass2`.
inline Bytes BlockBLevel1() {
  Bytes block = BlockA();
  block[4] = 0x03;
  PutHex(block, 48, "455dcda9757da92221ea467d437eb20f");
  Put(block, 0, 0x2447FA84U);
  return block;
}

inline Bytes BlockBLevel2() {
  Bytes block = BlockA();
  block[4] = 0x05;
  PutHex(block, 48, "7ec7ca0f10047f4ac11ed194be3e1933");
  Put(block, 0, 0x9BA2D188U);
  return block;
}

// Block A with slope, intercept and scale.
inline Bytes BlockC() {
  Bytes block = BlockA();
  Put(block, 16, 0.5F);
  Put(block, 20, -3.25F);
  Put(block, 24, 2.5F);
  Put(block, 0, 0x7764B9C2U);
  return block;
}

inline Samples SamplesOfC() {
  return {247,   251,   256,   254,   254,     248,     238,     226,     221,     12502,
          12505, 12511, 12503, 12479, -174996, -174998, -174993, -174992, -174969, -174956};
}

// A block that starts at time 0, from what the document says of it.
inline Bytes SmallBlock(std::uint32_t crc, std::uint8_t flags, std::uint32_t n, std::uint32_t d,
                        const std::vector<std::pair<std::uint8_t, std::uint8_t>>& statistics,
                        std::string_view payload) {
  Bytes block(312, 0);
  Put(block, 0, crc);
  block[4] = flags;
  Put(block, 24, 1.0F);
  Put(block, 28, d);
  Put(block, 32, n);
  Put(block, 36, 312U);
  for (const auto& [symbol, count] : statistics) block[48U + symbol] = count;
  PutHex(block, 304, payload);
  return block;
}

inline Bytes BlockD() {
  return SmallBlock(0x13EF1503, 1, 1, 5, {{0, 3}, {5, 1}}, "c1 00 7e 7e 7e 7e 7e 7e");
}

inline Samples SamplesOfE() { return {0, 1, -1, 127, 0, -128}; }

// The stream: 00000000 01 fe 80 7f000000 81 80 80ffffff.
inline Bytes BlockE() {
  return SmallBlock(0x4F7E51C9, 0, 6, 18,
                    {{0x00, 7}, {0x01, 1}, {0x7f, 1}, {0x80, 3}, {0x81, 1}, {0xfe, 1}, {0xff, 3}},
                    "03 60 7f c5 64 7b 00 7e");
}

inline Bytes BlockF() {
  return SmallBlock(0x6869F11E, 0, 1000, 1004, {{0, 255}, {7, 1}}, "ff 01 00 7e 7e 7e 7e 7e");
}

}  // namespace mef3::test

#endif  // MEF3_TESTING_RED_VECTORS_H_
