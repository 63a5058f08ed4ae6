#ifndef MEF3_ADDON_FILE_SOURCE_H_
#define MEF3_ADDON_FILE_SOURCE_H_

#include <cstdint>

#include "mef3/byte_source.h"

namespace mef3::addon {

// A range of an open file: a whole `.tdat`, or a member of an archive. Borrows
// the descriptor; its owner keeps it open.
class FileSource final : public ByteSource {
 public:
  FileSource(int descriptor, std::uint64_t base, std::uint64_t size)
      : descriptor_(descriptor), base_(base), size_(size) {}

  Status Read(std::uint64_t offset, std::span<std::uint8_t> bytes,
              std::size_t& n_read) const override;

 private:
  int descriptor_;
  std::uint64_t base_;  // of the range, in the file
  std::uint64_t size_;  // of the range
};

}  // namespace mef3::addon

#endif  // MEF3_ADDON_FILE_SOURCE_H_
