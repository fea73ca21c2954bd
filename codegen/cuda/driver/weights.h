// Weights into the model: every tensor of the file is matched with a parameter first, everything that is wrong is
// listed in one failure, and only then are bytes read and converted to the storage type.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "failure.h"
#include "file.h"
#include "plan.h"
#include "safetensors.h"
#include "weight-names.h"

namespace llm {

class WeightLoader {
 public:
  // `deliver` gets the bytes of each parameter, as its buffer has them.
  using Deliver = std::function<void(const Weight& weight, const std::vector<std::byte>& bytes)>;

  // Reads the header and finds the tensors of each parameter. Throws one failure that lists every problem.
  WeightLoader(File& file, const Model& model) : file(file), model(model), tensors(SafetensorsReader(file).read()) {
    for (const Weight& weight : model.weights) parameters.insert(weight.path);
    pair();
    for (const Weight& weight : model.weights) matchParameter(weight);
    failIfAny();
  }

  // Reads the numbers. Throws one failure that lists every problem; the model must not be used then.
  void load(const Deliver& deliver) {
    for (const auto& [tensor, path] : tied)
      if (!holdsSame(*tensor, *sources[path][0], sources[path].size()))
        report(tensor->name, "must equal " + path + ", and does not");
    for (const Weight& weight : model.weights) deliver(weight, read(weight));
    failIfAny();
  }

 private:
  static constexpr std::size_t pieceBytes = 16 * 1024 * 1024;

  void report(const std::string& path, const std::string& problem) { problems.emplace_back(path, problem); }

  void reportExtra(const Tensor& tensor) {
    report(tensor.name,
           tensor.dtype + shapeText(tensor.shape) + " in the file; no parameter and no rule of the model names it");
  }

  void failIfAny() {
    if (problems.empty()) return;
    std::sort(problems.begin(), problems.end());
    std::string message = file.name + " does not fit this model:";
    for (const auto& [path, problem] : problems) message += "\n  " + path + ": " + problem;
    throw weightsFailure(message);
  }

  // Sorts the tensors of the file by what they are for.
  void pair() {
    const auto isParameter = [&](const std::string& path) { return parameters.count(path) > 0; };
    for (const Tensor& tensor : tensors) {
      const Resolution found = resolveName(tensor.name, isParameter, model.rules);
      switch (found.use) {
        case Use::parameter:
          whole[found.path].push_back(&tensor);
          break;
        case Use::slice:
          if (!slices[found.path].emplace(found.index, &tensor).second) reportExtra(tensor);
          break;
        case Use::tied:
          tied.emplace_back(&tensor, found.path);
          break;
        case Use::extra:
          reportExtra(tensor);
          break;
        case Use::ignored:
          break;
      }
    }
  }

  // Finds the tensor of a parameter, or those that follow one another along its first axis.
  void matchParameter(const Weight& weight) {
    const std::vector<const Tensor*>& candidates = whole[weight.path];
    const std::map<std::int64_t, const Tensor*>& parts = slices[weight.path];
    std::vector<const Tensor*> all = candidates;
    for (const auto& part : parts) all.push_back(part.second);
    if (!candidates.empty()) {
      if (all.size() > 1) return report(weight.path, "both " + all[0]->name + " and " + all[1]->name + " give it");
      checkTensor(weight.path, *all[0], weight.dims);
    } else if (!parts.empty()) {
      matchSlices(weight, parts);
    } else {
      return reportMissing(weight.path, weight.dims);
    }
    sources[weight.path] = all;
  }

  // The slices 0 to n - 1 of a parameter [n, ...] must be there, each of the shape that is left.
  void matchSlices(const Weight& weight, const std::map<std::int64_t, const Tensor*>& parts) {
    const std::int64_t count = weight.dims.empty() ? 0 : weight.dims[0];
    const std::vector<std::int64_t> rest(weight.dims.begin() + (weight.dims.empty() ? 0 : 1), weight.dims.end());
    for (std::int64_t index = 0; index < count; index++) {
      const std::string place = std::string(weight.path) + "[" + std::to_string(index) + "]";
      const auto found = parts.find(index);
      if (found == parts.end())
        reportMissing(place, rest);
      else
        checkTensor(place, *found->second, rest);
    }
    for (const auto& [index, tensor] : parts)
      if (index >= count) reportExtra(*tensor);
  }

  void reportMissing(const std::string& path, const std::vector<std::int64_t>& dims) {
    report(path, "not in the file; the model needs " + shapeText(dims));
  }

  void checkTensor(const std::string& path, const Tensor& tensor, const std::vector<std::int64_t>& dims) {
    if (tensor.shape != dims)
      report(path, "the shape is " + shapeText(tensor.shape) + ", the model needs " + shapeText(dims));
    else if (!floatType(tensor))
      report(path, "stored as " + tensor.dtype + "; the model reads F64, F32, F16 or BF16");
  }

  // The element types of a file that are read.
  static std::optional<Type> floatType(const Tensor& tensor) {
    if (tensor.dtype == "F64") return Type::f64;
    if (tensor.dtype == "F32") return Type::f32;
    if (tensor.dtype == "F16") return Type::f16;
    if (tensor.dtype == "BF16") return Type::bf16;
    return std::nullopt;
  }

  // Calls `use` with pieces of a tensor: their bytes, how many elements, and which is the first.
  template <typename Use>
  void readPieces(const Tensor& tensor, Use use) {
    const std::size_t each = bytesOf(*floatType(tensor));
    std::vector<std::byte> piece(static_cast<std::size_t>(std::min<std::uint64_t>(pieceBytes, tensor.bytes)));
    for (std::uint64_t at = 0; at < tensor.bytes; at += piece.size()) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), tensor.bytes - at));
      file.read(tensor.offset + at, piece.data(), length);
      use(piece.data(), length / each, at / each);
    }
  }

  // The bytes of a parameter in the order and the type of its buffer.
  std::vector<std::byte> read(const Weight& weight) {
    const std::size_t each = bytesOf(weight.type);
    std::vector<std::byte> bytes(model.buffers[static_cast<std::size_t>(weight.buffer)].bytes);
    std::byte* to = bytes.data();
    std::optional<double> overflow;
    for (const Tensor* tensor : sources[weight.path]) {
      const Type type = *floatType(*tensor);
      readPieces(*tensor, [&](const std::byte* from, std::size_t count, std::uint64_t first) {
        const auto found = convertFloats(from, type, to + first * each, weight.type, count);
        if (!overflow) overflow = found;
      });
      to += tensor->bytes / bytesOf(type) * each;
    }
    if (overflow)
      report(weight.path, "holds " + numberText(*overflow) + ", beyond what " + nameOf(weight.type) + " can store");
    else if (const auto special = weight.isFinite ? nonFinite(bytes, weight.type) : std::nullopt)
      report(weight.path, "holds " + numberText(*special) + "; this target reads " + nameOf(weight.type) +
                              " weights as finite numbers, a build with storage f32 any");
    return weight.order.empty() ? bytes : packed(bytes, weight);
  }

  // Whether two tensors hold the same numbers, whatever types they are stored in.
  bool holdsSame(const Tensor& a, const Tensor& b, std::size_t tensorsOfB) {
    const auto typeOfA = floatType(a), typeOfB = floatType(b);
    if (tensorsOfB > 1 || !typeOfA || !typeOfB || a.shape != b.shape) return false;
    const std::size_t eachA = bytesOf(*typeOfA), eachB = bytesOf(*typeOfB);
    bool isSame = true;
    readPieces(a, [&](const std::byte* from, std::size_t count, std::uint64_t first) {
      std::vector<std::byte> others(count * eachB);
      file.read(b.offset + first * eachB, others.data(), others.size());
      for (std::size_t i = 0; i < count; i++) {
        const double x = loadNumber(from + i * eachA, *typeOfA), y = loadNumber(others.data() + i * eachB, *typeOfB);
        isSame = isSame && (std::isnan(x) ? std::isnan(y) : bitsAs<std::uint64_t>(x) == bitsAs<std::uint64_t>(y));
      }
    });
    return isSame;
  }

  File& file;
  const Model& model;
  const std::vector<Tensor> tensors;
  std::set<std::string> parameters;
  // The tensors that claim to be a whole parameter, those that are a slice of one, and those that must equal one.
  std::map<std::string, std::vector<const Tensor*>> whole;
  std::map<std::string, std::map<std::int64_t, const Tensor*>> slices;
  std::vector<std::pair<const Tensor*, std::string>> tied;
  // The tensors of each parameter, in order.
  std::map<std::string, std::vector<const Tensor*>> sources;
  std::vector<std::pair<std::string, std::string>> problems;
};

}  // namespace llm
