// Parts of the driver by themselves, for tests: reads commands from stdin, a line each, fields separated by tabs.
//   rule    kind published path index        adds a rule to the model
//   weight  path type dims finite tile order adds a weight; lists are separated by commas
//   name    NAME                             prints what a tensor of this name is for: use, path, index
//   load    FILE                             prints each weight's path and the bytes of its buffer
//   convert FROM TO HEX                      prints converted floats
#include <cstdio>
#include <iostream>
#include <list>
#include <sstream>
#include <string>
#include <vector>

#include "convert.h"
#include "failure.h"
#include "file.h"
#include "plan.h"
#include "weight-names.h"
#include "weights.h"

namespace {

using namespace llm;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

template <typename Number>
std::vector<Number> numbers(const std::string& text) {
  std::vector<Number> list;
  for (const std::string& part : split(text, ',')) list.push_back(static_cast<Number>(std::stoll(part)));
  return list;
}

Type typeNamed(const std::string& name) {
  for (const Type type : {Type::f64, Type::f32, Type::f16, Type::bf16})
    if (name == nameOf(type)) return type;
  throw std::invalid_argument(name);
}

RuleKind kindNamed(const std::string& name) {
  const std::vector<std::string> names = {"rename", "optional_prefix", "ignore", "tied", "stack"};
  for (std::size_t i = 0; i < names.size(); i++)
    if (name == names[i]) return static_cast<RuleKind>(i);
  throw std::invalid_argument(name);
}

void printHex(const std::vector<std::byte>& bytes) {
  for (const std::byte byte : bytes) std::printf("%02x", static_cast<unsigned>(byte));
  std::printf("\n");
}

std::vector<std::byte> fromHex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

class Probe {
 public:
  void run(std::vector<std::string> fields) {
    // A field at the end may be empty.
    fields.resize(7);
    const std::string& command = fields[0];
    const auto kept = [&](std::size_t i) { return texts.emplace_back(fields[i]).c_str(); };
    if (command == "rule")
      model.rules.push_back({kindNamed(fields[1]), kept(2), kept(3), kept(4)});
    else if (command == "weight")
      addWeight(fields, kept(1));
    else if (command == "name")
      resolve(fields[1]);
    else if (command == "load")
      load(fields[1]);
    else if (command == "convert")
      convert(typeNamed(fields[1]), typeNamed(fields[2]), fromHex(fields[3]));
    else
      throw std::invalid_argument(command);
  }

 private:
  void addWeight(const std::vector<std::string>& fields, const char* path) {
    Weight weight{static_cast<int>(model.weights.size()), path, typeNamed(fields[2]), numbers<std::int64_t>(fields[3])};
    weight.isFinite = fields[4] == "1";
    weight.tile = numbers<std::int64_t>(fields[5]);
    weight.order = numbers<std::size_t>(fields[6]);
    std::size_t bytes = bytesOf(weight.type);
    for (const std::int64_t size : weight.dims) bytes *= static_cast<std::size_t>(size);
    model.buffers.push_back({path, bytes});
    model.weights.push_back(weight);
  }

  void resolve(const std::string& name) const {
    const auto isParameter = [&](const std::string& path) {
      for (const Weight& weight : model.weights)
        if (path == weight.path) return true;
      return false;
    };
    const char* uses[] = {"parameter", "slice", "tied", "ignored", "extra"};
    const Resolution found = resolveName(name, isParameter, model.rules);
    std::printf("%s\t%s\t%lld\n", uses[static_cast<int>(found.use)], found.path.c_str(),
                static_cast<long long>(found.index));
  }

  void load(const std::string& path) const {
    File file(path);
    WeightLoader(file, model).load([](const Weight& weight, const std::vector<std::byte>& bytes) {
      std::printf("%s\t", weight.path);
      printHex(bytes);
    });
  }

  static void convert(Type from, Type to, const std::vector<std::byte>& bytes) {
    const std::size_t count = bytes.size() / bytesOf(from);
    std::vector<std::byte> converted(count * bytesOf(to));
    convertFloats(bytes.data(), from, converted.data(), to, count);
    printHex(converted);
  }

  Model model{};
  std::list<std::string> texts;
};

}  // namespace

int main() {
  Probe probe;
  try {
    for (std::string line; std::getline(std::cin, line);) probe.run(split(line, '\t'));
  } catch (const llm::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    return failure.exitCode;
  }
}
