#include "mef3/red_encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "mef3/byte_order.h"
#include "mef3/crc32.h"
#include "mef3/differences.h"
#include "mef3/red_block_header.h"

namespace mef3 {
namespace {

constexpr std::uint8_t kPadByte = 0x7E;

void AppendSample(std::vector<std::uint8_t>& stream, std::int32_t sample) {
  std::array<std::uint8_t, 4> bytes;
  StoreLittleEndian(bytes.data(), sample);
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

// The difference stream without its leading flag.
std::vector<std::uint8_t> DifferenceStream(std::span<const std::int32_t> samples) {
  std::vector<std::uint8_t> stream;
  stream.reserve(samples.size() + samples.size() / 4 + 4);
  AppendSample(stream, samples[0]);
  for (std::size_t k = 1; k < samples.size(); ++k) {
    const std::int64_t difference = std::int64_t{samples[k]} - samples[k - 1];
    if (difference >= -127 && difference <= 127) {
      stream.push_back(static_cast<std::uint8_t>(difference));
    } else {
      stream.push_back(kKeysampleFlag);
      AppendSample(stream, samples[k]);
    }
  }
  return stream;
}

// Frequencies scaled so that each fits a byte.
std::array<std::uint8_t, 256> Statistics(std::span<const std::uint8_t> stream) {
  std::array<std::uint32_t, 256> counts{};
  for (const std::uint8_t byte : stream) ++counts[byte];
  const std::uint32_t most = *std::max_element(counts.begin(), counts.end());
  std::array<std::uint8_t, 256> statistics{};
  const double scale = 254.999999999 / most;
  for (std::size_t b = 0; b < 256; ++b) {
    statistics[b] = most <= 255 ? static_cast<std::uint8_t>(counts[b])
                                : static_cast<std::uint8_t>(std::ceil(counts[b] * scale));
  }
  return statistics;
}

// Carry-propagating range encoder: a byte is held back, with the run of 0xFF
// after it, until it is known whether a carry will change them.
class RangeEncoder {
 public:
  void Encode(std::uint8_t symbol, std::uint32_t below, std::uint32_t own, std::uint32_t total) {
    Renormalise();
    const std::uint32_t unit = range_ / total;
    low_ += unit * below;
    range_ = symbol == 255 ? range_ - unit * below : unit * own;
  }

  // Ends the stream and appends it to `block`, without the coder's first byte.
  void Finish(std::vector<std::uint8_t>& block) {
    Renormalise();
    const std::uint32_t last = (low_ >> 23) + 1;
    Release(last > 255);
    bytes_.push_back(static_cast<std::uint8_t>(last));
    bytes_.push_back(0);
    block.insert(block.end(), bytes_.begin() + 1, bytes_.end());
  }

 private:
  void Release(bool carry) {
    bytes_.push_back(static_cast<std::uint8_t>(held_ + (carry ? 1 : 0)));
    bytes_.insert(bytes_.end(), run_, carry ? 0x00 : 0xFF);
    run_ = 0;
  }

  void Renormalise() {
    while (range_ <= 0x00800000) {
      const bool carry = (low_ & 0x80000000) != 0;
      if (low_ < 0x7F800000 || carry) {
        Release(carry);
        held_ = static_cast<std::uint8_t>(low_ >> 23);
      } else {
        ++run_;
      }
      range_ <<= 8;
      low_ = (low_ << 8) & 0x7FFFFFFF;
    }
  }

  std::vector<std::uint8_t> bytes_;
  std::uint32_t low_ = 0;
  std::uint32_t range_ = 0x80000000;
  std::uint8_t held_ = 0;
  std::size_t run_ = 0;
};

void AppendPayload(std::span<const std::uint8_t> stream,
                   const std::array<std::uint8_t, 256>& statistics,
                   std::vector<std::uint8_t>& block) {
  std::array<std::uint32_t, 256> below;
  std::uint32_t total = 0;
  for (std::size_t s = 0; s < 256; ++s) {
    below[s] = total;
    total += statistics[s];
  }
  RangeEncoder encoder;
  for (const std::uint8_t symbol : stream) {
    encoder.Encode(symbol, below[symbol], statistics[symbol], total);
  }
  encoder.Finish(block);
}

}  // namespace

std::vector<std::uint8_t> EncodeRedBlock(std::span<const std::int32_t> samples,
                                         std::int64_t stored_start_time, bool discontinuity) {
  std::vector<std::uint8_t> block(kRedHeaderBytes, 0);
  std::uint32_t difference_bytes = 0;
  if (!samples.empty()) {
    const std::vector<std::uint8_t> stream = DifferenceStream(samples);
    const auto statistics = Statistics(stream);
    difference_bytes = static_cast<std::uint32_t>(stream.size() + 1);
    std::copy(statistics.begin(), statistics.end(), block.begin() + kStatisticsOffset);
    AppendPayload(stream, statistics, block);
    block.resize((block.size() + 7) / 8 * 8, kPadByte);
  }
  block[4] = discontinuity ? kFlagDiscontinuity : 0;
  StoreLittleEndian(&block[24], 1.0F);
  StoreLittleEndian(&block[28], difference_bytes);
  StoreLittleEndian(&block[32], static_cast<std::uint32_t>(samples.size()));
  StoreLittleEndian(&block[36], static_cast<std::uint32_t>(block.size()));
  StoreLittleEndian(&block[40], stored_start_time);
  StoreLittleEndian(&block[0], Crc32(std::span<const std::uint8_t>(block).subspan(4)));
  return block;
}

}  // namespace mef3
