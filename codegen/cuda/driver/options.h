// The command line of the program.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "failure.h"
#include "sampling.h"
#include "text.h"

namespace llm {

struct Options {
  std::vector<std::int32_t> tokens;
  std::int64_t maxTokens = 64;
  Sampling sampling;
  std::string weights = "model.safetensors";
  bool json = false;
  bool stopAtEos = false;
  bool help = false;
};

constexpr const char* usage =
    " --tokens 1,2,3 [--max-tokens N] [--temperature T] [--weights FILE] [--stop-eos] [--json]\n"
    "\n"
    "Continues the tokens and prints those that follow.\n"
    "\n"
    "  --tokens IDS              token ids to continue, separated by commas\n"
    "  --max-tokens N            tokens to generate at most (default: 64)\n"
    "  --temperature T           0, the default, takes the most likely token\n"
    "  --top-k N                 sample among this many\n"
    "  --top-p P                 sample among the most likely ones of this probability\n"
    "  --min-p P                 sample among those with this part of the best one's probability\n"
    "  --repetition-penalty R    divides the logits of tokens that were there, prompt included\n"
    "  --presence-penalty X      taken off the logits of tokens that were generated\n"
    "  --frequency-penalty X     the same for each time\n"
    "  --logit-bias TOKEN=BIAS   added to a token's logit; -inf bans it (repeatable)\n"
    "  --seed N                  seed of the sampling (default: a random one)\n"
    "  --weights FILE            safetensors file (default: model.safetensors in this folder)\n"
    "  --stop-eos                stop at an end-of-text token; --no-stop-eos goes on after it (default)\n"
    "  --json                    print one JSON document\n";

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

// The decimal number that the whole text is. Letters would let `strtod` read hexadecimal, infinities and NaN.
inline bool readNumber(const std::string& text, double& value) {
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string::npos) return false;
  char* end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return end == text.c_str() + text.size() && std::isfinite(value);
}

// The number in a range that an option takes.
inline double readNumberOption(const std::string& name, const std::string& text, double least, double most) {
  double value = 0;
  if (!readNumber(text, value) || value < least || value > most)
    throw usageFailure(name + " takes a number from " + numberText(least) + " to " + numberText(most) + ", not `" +
                       text + "`");
  return value;
}

inline std::pair<std::int32_t, double> readBias(const std::string& text) {
  // More than any logit, and far below what a float holds.
  constexpr double most = 1e6;
  const std::size_t equals = text.find('=');
  std::int64_t token = 0;
  if (equals == std::string::npos ||
      !readInteger(std::string_view(text).substr(0, equals), 0, std::numeric_limits<std::int32_t>::max(), token))
    throw usageFailure("--logit-bias takes TOKEN=BIAS, such as 50256=-inf, not `" + text + "`");
  const std::string bias = text.substr(equals + 1);
  const double value = bias == "-inf" ? -std::numeric_limits<double>::infinity()
                                      : readNumberOption("--logit-bias", bias, -most, most);
  return {static_cast<std::int32_t>(token), value};
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

// Reads the value of an option of `Sampling`; false where `name` is none.
template <typename Value>
bool readSampling(const std::string& name, const Value& value, Sampling& sampling) {
  const auto number = [&](double least, double most) { return readNumberOption(name, value(), least, most); };
  const auto integer = [&](std::int64_t most, std::int64_t& found) {
    if (!readInteger(value(), 0, most, found))
      throw usageFailure(name + " must be an integer from 0 to " + std::to_string(most));
  };
  if (name == "--temperature")
    sampling.temperature = number(0, 100);
  else if (name == "--top-k")
    integer(std::numeric_limits<std::int32_t>::max(), sampling.topK);
  else if (name == "--top-p")
    sampling.topP = number(std::numeric_limits<float>::min(), 1);
  else if (name == "--min-p")
    sampling.minP = number(0, 1);
  else if (name == "--repetition-penalty")
    sampling.repetitionPenalty = number(0.01, 100);
  else if (name == "--presence-penalty")
    sampling.presencePenalty = number(-100, 100);
  else if (name == "--frequency-penalty")
    sampling.frequencyPenalty = number(-100, 100);
  else if (name == "--logit-bias")
    sampling.logitBias.push_back(readBias(value()));
  else if (name == "--seed")
    integer(std::numeric_limits<std::uint32_t>::max(), sampling.seed);
  else
    return false;
  return true;
}

// Throws a usage failure for an unknown option or a malformed value. A value stands behind its option or behind `=`.
inline Options readOptions(const std::vector<std::string>& arguments) {
  Options options;
  options.sampling.seed = static_cast<std::int64_t>(std::random_device{}() & 0xffffffffu);
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
    } else if (!readSampling(name, value, options.sampling)) {
      throw usageFailure("unknown option `" + arguments[i] + "`");
    }
  }
  if (!hasTokens && !options.help) throw usageFailure("--tokens is missing: the ids to continue");
  return options;
}

}  // namespace llm
