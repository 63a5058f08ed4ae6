#ifndef MEF3_BYTE_SOURCE_H_
#define MEF3_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "mef3/status.h"

namespace mef3 {

// Bytes of a `.tdat`, wherever they lie: a file, a member of an archive, memory.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills `bytes` from `offset` on, as far as the source goes; `n_read` says how
  // far. kOk also at the end of the source; kReadError when reading failed.
  virtual Status Read(std::uint64_t offset, std::span<std::uint8_t> bytes,
                      std::size_t& n_read) const = 0;
};

}  // namespace mef3

#endif  // MEF3_BYTE_SOURCE_H_
