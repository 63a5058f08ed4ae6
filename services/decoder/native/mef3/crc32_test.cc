#include "mef3/crc32.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <string_view>

#include "testing/reference_codec.h"
#include "testing/signals.h"

namespace mef3 {
namespace {

using test::ReferenceCrc;

std::vector<std::uint8_t> Ascii(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Crc32, MatchesThePublishedVectors) {
  std::vector<std::uint8_t> all(256);
  std::iota(all.begin(), all.end(), std::uint8_t{0});
  EXPECT_EQ(Crc32({}), 0xFFFFFFFFU);
  EXPECT_EQ(Crc32(Ascii("123456789")), 0xD2C22F51U);
  EXPECT_EQ(Crc32(Ascii("123456789"), 0), 0xA55CF835U);
  EXPECT_EQ(Crc32(Ascii("abc")), 0x45DCDD53U);
  EXPECT_EQ(Crc32(std::array<std::uint8_t, 4>{}), 0x0843323BU);
  EXPECT_EQ(Crc32(all), 0x543F2C99U);
}

TEST(Crc32, UsesTheFormatsTable) {
  EXPECT_EQ(Crc32(std::array<std::uint8_t, 1>{1}, 0), 0x9695C4CAU);
  EXPECT_EQ(Crc32(std::array<std::uint8_t, 1>{255}, 0), 0xC0522C72U);
}

TEST(Crc32, IsIncremental) {
  std::mt19937_64 random(1);
  const auto bytes = test::RandomBytes(700, random);
  const std::span<const std::uint8_t> all(bytes);
  const std::uint32_t whole = Crc32(all);
  for (std::size_t split = 0; split <= all.size(); ++split) {
    ASSERT_EQ(Crc32(all.subspan(split), Crc32(all.first(split))), whole) << split;
  }
}

TEST(Crc32, EqualsTheBitwiseDefinitionAtEveryLengthAndAlignment) {
  std::mt19937_64 random(2);
  const auto bytes = test::RandomBytes(2100, random);
  const std::span<const std::uint8_t> all(bytes);
  for (std::size_t length = 0; length <= 330; ++length) {
    const auto part = all.subspan(length % 17, length);
    const auto initial = static_cast<std::uint32_t>(random());
    const std::uint32_t expected = ReferenceCrc(part, initial);
    ASSERT_EQ(Crc32(part, initial), expected) << length;
    ASSERT_EQ(internal::Crc32Sliced(part, initial), expected) << length;
#if defined(__x86_64__)
    if (internal::HasCarrylessMultiply()) {
      ASSERT_EQ(internal::Crc32Folded(part, initial), expected) << length;
    }
#endif
  }
  EXPECT_EQ(Crc32(all), ReferenceCrc(all));
}

TEST(Crc32, ChangesWithEveryBit) {
  std::vector<std::uint8_t> bytes(200, 0x5A);
  const std::uint32_t whole = Crc32(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
    bytes[bit / 8] ^= mask;
    ASSERT_NE(Crc32(bytes), whole) << bit;
    bytes[bit / 8] ^= mask;
  }
}

}  // namespace
}  // namespace mef3
