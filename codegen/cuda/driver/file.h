// A file that is read at offsets, in pieces, so that a checkpoint never lies in memory whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "failure.h"

namespace llm {

class File {
 public:
  explicit File(const std::string& path) : name(path) {
    std::error_code problem;
    const std::filesystem::file_status status = std::filesystem::status(path, problem);
    if (!std::filesystem::exists(status)) throw fileFailure("cannot read " + name + ": no such file or folder");
    if (!std::filesystem::is_regular_file(status)) throw fileFailure("cannot read " + name + ": it is no plain file");
    bytes = std::filesystem::file_size(path, problem);
    stream.open(path, std::ios::binary);
    if (problem || !stream) throw fileFailure("cannot read " + name + ": permission denied");
  }

  std::uint64_t size() const { return bytes; }

  // Reads `length` bytes from `offset` on, which must lie inside the file.
  void read(std::uint64_t offset, void* to, std::size_t length) {
    if (offset > bytes || length > bytes - offset) throw fileFailure("a read past the end of " + name);
    stream.seekg(static_cast<std::streamoff>(offset));
    if (!stream.read(static_cast<char*>(to), static_cast<std::streamsize>(length)))
      throw fileFailure(name + " ended, or failed, while it was read");
  }

  const std::string name;

 private:
  std::ifstream stream;
  std::uint64_t bytes = 0;
};

}  // namespace llm
