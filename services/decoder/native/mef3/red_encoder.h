#ifndef MEF3_RED_ENCODER_H_
#define MEF3_RED_ENCODER_H_

#include <cstdint>
#include <span>
#include <vector>

namespace mef3 {

// Encodes samples as one lossless, unencrypted RED block, header, padding and
// CRC included. Byte-identical with the reference library's blocks.
//
//   samples            counts; at most kMaxBlockSamples. None makes an empty block.
//   stored_start_time  of the first sample, in stored form
//   discontinuity      whether the block does not continue the previous one
//
// Source: docs/mef3-format.md, section 8.5.
std::vector<std::uint8_t> EncodeRedBlock(std::span<const std::int32_t> samples,
                                         std::int64_t stored_start_time, bool discontinuity);

}  // namespace mef3

#endif  // MEF3_RED_ENCODER_H_
