#include "addon/file_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mef3::addon {

Status FileSource::Read(std::uint64_t offset, std::span<std::uint8_t> bytes,
                        std::size_t& n_read) const {
  n_read = 0;
  if (offset >= size_) return Status::kOk;
  const auto wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), size_ - offset));
  while (n_read < wanted) {
    const auto at = static_cast<off_t>(base_ + offset + n_read);
    const ssize_t got = pread(descriptor_, bytes.data() + n_read, wanted - n_read, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::kReadError;
    if (got == 0) break;
    n_read += static_cast<std::size_t>(got);
  }
  return Status::kOk;
}

}  // namespace mef3::addon
