#include "addon/file_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace mef3::addon {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// A temporary file that holds the bytes 0, 1, 2, … 99.
File NumberedFile() {
  File file(std::tmpfile(), std::fclose);
  for (int i = 0; i < 100; ++i) std::fputc(i, file.get());
  std::fflush(file.get());
  return file;
}

std::vector<std::uint8_t> Read(const FileSource& source, std::uint64_t offset, std::size_t n) {
  std::vector<std::uint8_t> bytes(n);
  std::size_t n_read = 0;
  EXPECT_EQ(source.Read(offset, bytes, n_read), Status::kOk);
  bytes.resize(n_read);
  return bytes;
}

TEST(FileSource, ReadsFromItsBase) {
  const File file = NumberedFile();
  const FileSource source(fileno(file.get()), 10, 50);
  EXPECT_EQ(Read(source, 0, 3), (std::vector<std::uint8_t>{10, 11, 12}));
  EXPECT_EQ(Read(source, 47, 3), (std::vector<std::uint8_t>{57, 58, 59}));
}

TEST(FileSource, EndsWithItsRangeNotWithTheFile) {
  const File file = NumberedFile();
  const FileSource source(fileno(file.get()), 10, 50);
  EXPECT_EQ(Read(source, 48, 10), (std::vector<std::uint8_t>{58, 59}));
  EXPECT_TRUE(Read(source, 50, 10).empty());
  EXPECT_TRUE(Read(source, UINT64_MAX, 10).empty());
}

TEST(FileSource, SaysHowFarAFileGoesThatBecameShorter) {
  const File file = NumberedFile();
  const FileSource source(fileno(file.get()), 0, 1000);
  EXPECT_EQ(Read(source, 98, 10), (std::vector<std::uint8_t>{98, 99}));
}

TEST(FileSource, ReportsWhatTheOperatingSystemRefuses) {
  const int closed = dup(0);
  close(closed);
  const FileSource source(closed, 0, 100);
  std::vector<std::uint8_t> bytes(10);
  std::size_t n_read = 99;
  EXPECT_EQ(source.Read(0, bytes, n_read), Status::kReadError);
}

}  // namespace
}  // namespace mef3::addon
