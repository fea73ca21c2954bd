// The strict reader of safetensors files (https://github.com/huggingface/safetensors, "Format"). Every count, shape and
// offset is checked before it is used; a file that breaks one rule is refused and gives nothing. Reads the header only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "failure.h"
#include "file.h"
#include "json.h"
#include "text.h"

namespace llm {

struct Tensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  // From the start of the file.
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// `[576, 1536]`.
inline std::string shapeText(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); i++) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

// The largest integer that every reader of JSON keeps: 2^53 - 1.
constexpr std::int64_t maxCount = 9007199254740991;

// The product of counts, or nothing where a partial one passes 2^53.
inline std::optional<std::int64_t> checkedSize(const std::vector<std::int64_t>& factors) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors) {
    if (factor < 0 || factor > maxCount || (factor > 0 && product > maxCount / factor)) return std::nullopt;
    product *= factor;
  }
  return product;
}

class SafetensorsReader {
 public:
  explicit SafetensorsReader(File& file) : file(file) {}

  // The tensors in the order of the header. Throws a failure that names the rule that is broken.
  std::vector<Tensor> read() {
    const Json header = readHeader();
    checkMetadata(header.find("__metadata__"));
    std::vector<Tensor> tensors;
    for (const auto& [name, value] : header.fields)
      if (name != "__metadata__") tensors.push_back(readEntry(name, value));
    checkCoverage(tensors);
    return tensors;
  }

 private:
  static constexpr std::uint64_t maxHeaderBytes = 100'000'000;

  [[noreturn]] void fail(const std::string& problem) const {
    throw safetensorsFailure(file.name + " is not a valid safetensors file: " + problem);
  }

  Json readHeader() {
    if (file.size() < 8)
      fail("the file has " + std::to_string(file.size()) + " bytes, the header's length alone needs 8");
    unsigned char prefix[8];
    file.read(0, prefix, 8);
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | prefix[i];
    if (length > maxHeaderBytes) fail("the header claims " + std::to_string(length) + " bytes, more than 100 MB");
    if (length > file.size() - 8)
      fail("the header claims " + std::to_string(length) + " bytes, the file has " + std::to_string(file.size() - 8) +
           " after the length");
    std::string text(length, '\0');
    file.read(8, text.data(), length);
    dataStart = 8 + length;
    if (text.empty() || text[0] != '{') fail("the header does not start with `{`");
    if (!isUtf8(text)) fail("the header is not valid UTF-8");
    try {
      return JsonReader(text).document();
    } catch (const JsonError& error) {
      fail(std::string("header: ") + error.what());
    }
  }

  void checkMetadata(const Json* metadata) const {
    if (metadata == nullptr) return;
    if (metadata->kind != Json::Kind::object) fail("`__metadata__` is not an object");
    for (const auto& [key, value] : metadata->fields)
      if (value.kind != Json::Kind::string) fail("`__metadata__` has a value that is no string at \"" + key + "\"");
  }

  Tensor readEntry(const std::string& name, const Json& value) const {
    const std::string quoted = "\"" + name + "\"";
    if (value.kind != Json::Kind::object) fail(quoted + " is not an object");
    for (const auto& field : value.fields)
      if (field.first != "dtype" && field.first != "shape" && field.first != "data_offsets")
        fail(quoted + " has the unknown field \"" + field.first + "\"");
    const Json* dtype = value.find("dtype");
    const std::int64_t elementBytes = dtype == nullptr ? 0 : bytesOf(dtype->string);
    if (elementBytes == 0)
      fail(quoted + " has the unknown dtype " + (dtype == nullptr ? "(none)" : "\"" + dtype->string + "\""));
    Tensor tensor{name, dtype->string, counts(value.find("shape"), "shape of " + quoted)};
    const auto offsets = counts(value.find("data_offsets"), "data_offsets of " + quoted);
    if (offsets.size() != 2) fail("data_offsets of " + quoted + " are not two numbers");
    const std::int64_t begin = offsets[0], end = offsets[1];
    if (begin > end)
      fail("data_offsets of " + quoted + " run backwards: " + std::to_string(begin) + " to " + std::to_string(end));
    if (static_cast<std::uint64_t>(end) > file.size() - dataStart)
      fail(quoted + " ends at byte " + std::to_string(end) + " of the data, which has " +
           std::to_string(file.size() - dataStart));
    std::vector<std::int64_t> factors = tensor.shape;
    factors.push_back(elementBytes);
    const auto expected = checkedSize(factors);
    if (!expected) fail("the size of " + quoted + " " + shapeText(tensor.shape) + " is beyond 2^53");
    if (*expected != end - begin)
      fail(quoted + " is " + tensor.dtype + shapeText(tensor.shape) + ", " + std::to_string(*expected) +
           " bytes, but has " + std::to_string(end - begin));
    tensor.offset = dataStart + static_cast<std::uint64_t>(begin);
    tensor.bytes = static_cast<std::uint64_t>(*expected);
    return tensor;
  }

  static std::int64_t bytesOf(std::string_view dtype) {
    constexpr std::pair<std::string_view, std::int64_t> known[] = {
        {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
        {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}};
    for (const auto& [name, bytes] : known)
      if (name == dtype) return bytes;
    return 0;
  }

  std::vector<std::int64_t> counts(const Json* value, const std::string& what) const {
    if (value == nullptr || value->kind != Json::Kind::list) fail(what + " is not a list");
    std::vector<std::int64_t> list;
    for (const Json& item : value->items) {
      if (item.kind != Json::Kind::number) fail(what + " holds something that is no number");
      const double number = item.number;
      if (std::signbit(number) || number > static_cast<double>(maxCount) || number != std::floor(number))
        fail(what + " holds " + numberText(number) + ", which is no count");
      list.push_back(static_cast<std::int64_t>(number));
    }
    return list;
  }

  // After sorting by begin the tensors cover the data exactly: no overlap, no hole, nothing behind the last one.
  void checkCoverage(const std::vector<Tensor>& tensors) const {
    std::vector<const Tensor*> sorted;
    for (const Tensor& tensor : tensors) sorted.push_back(&tensor);
    std::sort(sorted.begin(), sorted.end(), [](const Tensor* a, const Tensor* b) {
      return std::pair(a->offset, a->bytes) < std::pair(b->offset, b->bytes);
    });
    std::uint64_t end = dataStart;
    for (const Tensor* tensor : sorted) {
      if (tensor->offset < end) fail("\"" + tensor->name + "\" overlaps the tensor before it");
      if (tensor->offset > end)
        fail("there is a hole of " + std::to_string(tensor->offset - end) + " bytes before \"" + tensor->name + "\"");
      end = tensor->offset + tensor->bytes;
    }
    if (end != file.size()) fail(std::to_string(file.size() - end) + " bytes follow the last tensor");
  }

  File& file;
  std::uint64_t dataStart = 0;
};

}  // namespace llm
