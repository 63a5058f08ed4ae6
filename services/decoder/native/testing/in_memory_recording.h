#ifndef MEF3_TESTING_IN_MEMORY_RECORDING_H_
#define MEF3_TESTING_IN_MEMORY_RECORDING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "mef3/byte_source.h"
#include "mef3/channel_index.h"
#include "mef3/red_encoder.h"
#include "testing/red_vectors.h"

// Files of a segment, written in memory after docs/mef3-format.md.
namespace mef3::test {

// The first 1024 bytes of a file (section 2); `body` is what its CRC covers.
inline Bytes MakeFile(std::string_view type, const Bytes& body) {
  Bytes file(1024 + body.size(), 0);
  std::copy(body.begin(), body.end(), file.begin() + 1024);
  std::memcpy(&file[8], type.data(), 4);
  file[13] = 3;
  file[15] = 1;
  Put(file, 4, ReferenceCrc(body));
  Put(file, 0, ReferenceCrc(std::span<const std::uint8_t>(file).subspan(4, 1020)));
  return file;
}

// Bytes in memory as a data file.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  Status Read(std::uint64_t offset, std::span<std::uint8_t> bytes,
              std::size_t& n_read) const override {
    n_read = 0;
    if (offset >= bytes_.size()) return Status::kOk;
    n_read = std::min<std::size_t>(bytes.size(), bytes_.size() - static_cast<std::size_t>(offset));
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), n_read, bytes.begin());
    return Status::kOk;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// A row of an index (section 7), all fields free to be wrong.
struct IndexRow {
  std::int64_t file_offset = 1024;
  std::int64_t stored_time = 0;
  std::uint32_t number_of_samples = 0;
  std::uint32_t block_bytes = 304;
};

inline Bytes IndexRowBytes(const IndexRow& row) {
  Bytes bytes(56, 0);
  Put(bytes, 0, row.file_offset);
  Put(bytes, 8, row.stored_time);
  Put(bytes, 24, row.number_of_samples);
  Put(bytes, 28, row.block_bytes);
  return bytes;
}

// The index and data file of one segment under construction.
class SegmentFiles {
 public:
  // Appends a block. Times are µs since 1970, stored in offset form.
  void AddBlock(std::int64_t start_time, const Samples& samples) {
    AddEncoded(start_time, EncodeRedBlock(samples, -start_time, false),
               static_cast<std::uint32_t>(samples.size()));
  }

  void AddEncoded(std::int64_t start_time, const Bytes& block, std::uint32_t number_of_samples) {
    rows_.push_back({static_cast<std::int64_t>(data_.size()), -start_time, number_of_samples,
                     static_cast<std::uint32_t>(block.size())});
    data_.insert(data_.end(), block.begin(), block.end());
  }

  // An entry of the index alone: no samples are encoded for it.
  void AddEntry(std::int64_t start_time, std::uint32_t number_of_samples) {
    rows_.push_back({static_cast<std::int64_t>(data_.size()), -start_time, number_of_samples, 304});
    data_.resize(data_.size() + 304);
  }

  std::vector<IndexRow>& rows() { return rows_; }
  Bytes& data() { return data_; }
  const Bytes& data() const { return data_; }

  Bytes IndexFile() const {
    Bytes body;
    for (const IndexRow& row : rows_) {
      const Bytes bytes = IndexRowBytes(row);
      body.insert(body.end(), bytes.begin(), bytes.end());
    }
    return MakeFile("tidx", body);
  }

 private:
  std::vector<IndexRow> rows_;
  Bytes data_ = Bytes(1024, 0);
};

// One segment of a channel: its files, and what its metadata says.
struct TestSegment {
  SegmentFiles files;
  std::optional<std::int64_t> start_time;
  std::optional<std::int64_t> end_time;
  std::int64_t promised_samples = -1;
  double factor = 1.0;
  std::int64_t recording_time_offset = 0;
};

// Builds a channel's index. With `spoil`, a test changes the index files first.
inline Status BuildIndex(const std::vector<TestSegment>& segments, double sampling_rate,
                         ChannelIndex& index,
                         const std::function<void(std::size_t, Bytes&)>& spoil = {}) {
  std::vector<Bytes> files;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    files.push_back(segments[s].files.IndexFile());
    if (spoil) spoil(s, files.back());
  }
  std::vector<SegmentInput> inputs;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const TestSegment& segment = segments[s];
    inputs.push_back({.index_file = files[s],
                      .data_bytes = segment.files.data().size(),
                      .recording_time_offset = segment.recording_time_offset,
                      .units_conversion_factor = segment.factor,
                      .start_time = segment.start_time,
                      .end_time = segment.end_time,
                      .number_of_samples = segment.promised_samples});
  }
  return ChannelIndex::Build(inputs, sampling_rate, index);
}

}  // namespace mef3::test

#endif  // MEF3_TESTING_IN_MEMORY_RECORDING_H_
