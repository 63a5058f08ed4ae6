#ifndef MEF3_STATUS_H_
#define MEF3_STATUS_H_

#include <cstdint>

namespace mef3 {

// Why a step refused its input. The numeric values cross the addon boundary
// and appear in metrics, so they are append-only: never renumber.
enum class [[nodiscard]] Status : std::uint8_t {
  kOk = 0,
  kTruncated = 1,           // the bytes end before the structure does
  kBadHeader = 2,           // a field contradicts another field or the format
  kCrcMismatch = 3,         // the bytes are not the bytes that were written
  kEncrypted = 4,           // no key was given for the level of this structure
  kCorruptStream = 5,       // coded bytes decode to an impossible symbol run
  kUnsupportedVersion = 6,  // MEF 2, big-endian, or a version not known here
  kLimitExceeded = 7,       // a count passes an absolute cap
  kIndexMismatch = 8,       // a block's header disagrees with its index entry
  kReadError = 9,           // the operating system refused to give the bytes
  kCancelled = 10,          // the caller lost interest
};

}  // namespace mef3

#endif  // MEF3_STATUS_H_
