// The command line of the program.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"

namespace llm {

struct Options {
  std::vector<std::int32_t> tokens;
  std::int64_t maxTokens = 64;
  std::string weights = "model.safetensors";
  bool json = false;
  bool stopAtEos = false;
  bool help = false;
};

constexpr const char* usage =
    " --tokens 1,2,3 [--max-tokens N] [--weights FILE] [--stop-eos] [--json]\n"
    "\n"
    "Continues the tokens with the most likely ones and prints these.\n"
    "\n"
    "  --tokens IDS      token ids to continue, separated by commas\n"
    "  --max-tokens N    tokens to generate at most (default: 64)\n"
    "  --weights FILE    safetensors file (default: model.safetensors in this folder)\n"
    "  --stop-eos        stop at an end-of-text token; --no-stop-eos goes on after it (default)\n"
    "  --json            print one JSON document\n";

// The integer from `least` to `most` that the whole text is, without signs or spaces.
inline bool readInteger(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& value) {
  value = 0;
  if (text.empty()) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
    if (value > most) return false;
  }
  return value >= least;
}

inline std::vector<std::int32_t> readTokens(std::string_view text) {
  std::vector<std::int32_t> tokens;
  for (std::size_t start = 0; !text.empty() && start <= text.size();) {
    const std::size_t comma = text.find(',', start);
    const std::string_view part = text.substr(start, comma == std::string_view::npos ? comma : comma - start);
    const std::size_t first = part.find_first_not_of(' '), last = part.find_last_not_of(' ');
    const std::string_view id = first == std::string_view::npos ? "" : part.substr(first, last - first + 1);
    std::int64_t token = 0;
    if (!readInteger(id, 0, std::numeric_limits<std::int32_t>::max(), token))
      throw usageFailure("`" + std::string(part) + "` is no token id");
    tokens.push_back(static_cast<std::int32_t>(token));
    if (comma == std::string_view::npos) break;
    start = comma + 1;
  }
  if (tokens.empty()) throw usageFailure("the prompt is empty");
  return tokens;
}

// Throws a usage failure for an unknown option or a malformed value. A value stands behind its option or behind `=`.
inline Options readOptions(const std::vector<std::string>& arguments) {
  Options options;
  bool hasTokens = false;
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const std::size_t equals = arguments[i].find('=');
    const std::string name = arguments[i].substr(0, equals);
    const auto value = [&]() -> std::string {
      if (equals != std::string::npos) return arguments[i].substr(equals + 1);
      if (i + 1 == arguments.size()) throw usageFailure(name + " needs a value");
      return arguments[++i];
    };
    const bool isFlag = name == "--json" || name == "--stop-eos" || name == "--no-stop-eos" || name == "--help";
    if (isFlag && equals != std::string::npos) throw usageFailure(name + " takes no value");
    if (name == "--tokens") {
      options.tokens = readTokens(value());
      hasTokens = true;
    } else if (name == "--max-tokens") {
      if (!readInteger(value(), 1, std::numeric_limits<std::int32_t>::max(), options.maxTokens))
        throw usageFailure("--max-tokens must be an integer from 1");
    } else if (name == "--weights") {
      options.weights = value();
    } else if (name == "--json") {
      options.json = true;
    } else if (name == "--stop-eos" || name == "--no-stop-eos") {
      options.stopAtEos = name == "--stop-eos";
    } else if (name == "--help") {
      options.help = true;
    } else {
      throw usageFailure("unknown option `" + arguments[i] + "`");
    }
  }
  if (!hasTokens && !options.help) throw usageFailure("--tokens is missing: the ids to continue");
  return options;
}

}  // namespace llm
