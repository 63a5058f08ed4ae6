#ifndef MEF3_TESTING_REFERENCE_CODEC_H_
#define MEF3_TESTING_REFERENCE_CODEC_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

// The algorithms as docs/mef3-format.md spells them, one byte, one block, one
// symbol at a time. Slow, and written without a look at the codec: what the
// codec's results are held against.
namespace mef3::test {

// Section 3.1.
inline std::uint32_t ReferenceCrc(std::span<const std::uint8_t> bytes,
                                  std::uint32_t crc = 0xFFFFFFFF) {
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEB31D82E : crc >> 1;
  }
  return crc;
}

// Section 8.3: the range decoder over a payload that zeros follow.
class ReferenceSymbols {
 public:
  ReferenceSymbols(std::span<const std::uint8_t> payload,
                   std::span<const std::uint8_t, 256> statistics)
      : payload_(payload) {
    for (std::size_t i = 0; i < 256; ++i) {
      statistics_[i] = statistics[i];
      cumulative_[i + 1] = cumulative_[i] + statistics[i];
    }
    last_ = Take();
    low_ = last_ >> 1;
  }

  std::uint32_t total() const { return cumulative_[256]; }
  std::uint32_t low() const { return low_; }
  std::uint32_t range() const { return range_; }

  std::uint8_t Next() {
    while (range_ <= 0x00800000) {
      low_ = (low_ << 8) | ((last_ & 1) << 7);
      last_ = Take();
      low_ = low_ | (last_ >> 1);
      range_ = range_ << 8;
    }
    const std::uint32_t q = range_ / total();
    const std::uint32_t c = low_ / q < total() - 1 ? low_ / q : total() - 1;
    std::size_t s = 0;
    while (!(cumulative_[s] <= c && c < cumulative_[s + 1])) ++s;
    low_ = low_ - q * cumulative_[s];
    range_ = s == 255 ? range_ - q * cumulative_[255] : q * statistics_[s];
    return static_cast<std::uint8_t>(s);
  }

 private:
  std::uint32_t Take() { return at_ < payload_.size() ? payload_[at_++] : 0; }

  std::span<const std::uint8_t> payload_;
  std::size_t at_ = 0;
  std::array<std::uint32_t, 256> statistics_{};
  std::array<std::uint32_t, 257> cumulative_{};
  std::uint32_t low_ = 0;
  std::uint32_t range_ = 128;
  std::uint32_t last_ = 0;
};

// Section 8.3: the samples of a block whose header is sound, without what 8.4
// does to them; nothing when the stream is corrupt.
inline std::optional<std::vector<std::int32_t>> ReferenceDecode(
    std::span<const std::uint8_t> block) {
  std::uint32_t n = 0;
  std::uint32_t difference_bytes = 0;
  std::memcpy(&difference_bytes, &block[28], 4);
  std::memcpy(&n, &block[32], 4);
  std::vector<std::int32_t> out;
  if (n == 0) return out;
  ReferenceSymbols symbols(block.subspan(304), block.subspan<48, 256>());
  if (symbols.total() == 0) return std::nullopt;
  std::uint32_t used = 0;
  bool corrupt = false;
  const auto take = [&]() -> std::uint8_t {
    if (used >= difference_bytes - 1) {
      corrupt = true;
      return 0;
    }
    ++used;
    return symbols.Next();
  };
  const auto take_sample = [&] {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value |= std::uint32_t{take()} << (8 * i);
    return value;
  };
  std::uint32_t value = take_sample();
  out.push_back(std::bit_cast<std::int32_t>(value));
  for (std::uint32_t k = 1; k < n && !corrupt; ++k) {
    const std::uint8_t symbol = take();
    if (symbol == 0x80) {
      value = take_sample();
    } else {
      value +=
          static_cast<std::uint32_t>(static_cast<std::int32_t>(std::bit_cast<std::int8_t>(symbol)));
    }
    out.push_back(std::bit_cast<std::int32_t>(value));
  }
  if (corrupt || used != difference_bytes - 1) return std::nullopt;
  return out;
}

}  // namespace mef3::test

#endif  // MEF3_TESTING_REFERENCE_CODEC_H_
