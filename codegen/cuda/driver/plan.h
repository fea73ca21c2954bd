// The form of what plan.cu holds: which buffers the model has, what fills them, and the entry points that launch its
// kernels. plan.cu is generated; everything else in this folder is the same for every model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "launch.h"

namespace llm {

// How the elements of a weight or a constant lie in memory.
enum class Type { f64, f32, f16, bf16, i32, u32 };

// Bytes on the device; `name` is for readers.
struct Buffer {
  const char* name;
  std::size_t bytes;
};

// A tensor of the checkpoint. Its elements are row-major, or in tiles of `tile` elements an axis, the tiles one after
// the other, axis order[0] slowest. `isFinite`: kernels rely on it that no element is infinite or NaN.
struct Weight {
  int buffer;
  const char* path;
  Type type;
  std::vector<std::int64_t> dims;
  bool isFinite = false;
  std::vector<std::int64_t> tile = {};
  std::vector<std::size_t> order = {};
};

// A buffer that is filled when the model is loaded: with `values`; or, where there are rows, with
// f32[rows, 2, frequencies], the cosines and then the sines of row * frequency, times `scale`.
struct Constant {
  int buffer;
  Type type;
  std::vector<double> values;
  std::int64_t rows = 0;
  double scale = 1;
};

// A rule from published names of tensors to paths here; weight-names.h says what each kind means.
enum class RuleKind { rename, optional_prefix, ignore, tied, stack };
struct Rule {
  RuleKind kind;
  const char* published;
  const char* path;
  // stack: the name between the braces that holds the number.
  const char* index;
};

// An argument or a result of an entry point and the bytes that it may have.
struct Argument {
  const char* name;
  Place place;
  std::size_t bytes;
};

// An entry point for up to `tokens` tokens in each of up to `batch` rows.
struct Plan {
  const char* entry;
  std::int64_t batch;
  std::int64_t tokens;
  void (*run)(const Launcher& on, const Sizes& sizes);
  std::vector<Argument> inputs;
  std::vector<Argument> outputs;
};

struct Model {
  const char* name;
  // Logits of a token, positions of the caches, end-of-text tokens.
  std::int64_t vocabulary;
  std::int64_t context;
  std::vector<std::int32_t> eos;
  std::vector<Buffer> buffers;
  std::vector<Weight> weights;
  std::vector<Constant> constants;
  std::vector<Rule> rules;
  std::vector<Plan> plans;
};

// Defined in plan.cu.
Model describeModel();

}  // namespace llm
