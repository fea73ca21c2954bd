// Generation with one row: the prompt in chunks, then a token a step. Which tokens come next is decided on the device;
// here is only what the host must know to write the arguments.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "executor.h"
#include "failure.h"
#include "plan.h"
#include "sampling.h"

namespace llm {

struct Generation {
  std::vector<std::int32_t> tokens;
  // "length" or "eos".
  const char* stop = "length";
  // The first token's time is in `prefillSeconds`; loading is in neither.
  double prefillSeconds = 0;
  double decodeSeconds = 0;
};

// Throws for a prompt that the model cannot take in.
inline void checkPrompt(const Model& model, const std::vector<std::int32_t>& prompt) {
  if (prompt.empty()) throw usageFailure("the prompt is empty");
  for (const std::int32_t token : prompt)
    if (token < 0 || token >= model.vocabulary)
      throw Failure(2, "option",
                    "a token must be an integer from 0 to " + std::to_string(model.vocabulary - 1) + ", not " +
                        std::to_string(token));
  if (static_cast<std::int64_t>(prompt.size()) > model.context)
    throw Failure(2, "context",
                  "the prompt has " + std::to_string(prompt.size()) + " tokens, the context holds " +
                      std::to_string(model.context));
}

class Generator {
 public:
  Generator(const Model& model, Executor& executor, const Sampling& sampling)
      : model(model), executor(executor), sampling(sampling) {}

  // At most `maxTokens` tokens behind `prompt`, as many as the context holds; with `stopAtEos` none behind an
  // end-of-text token, which is the last one then. Throws where the prompt does not fit.
  Generation run(const std::vector<std::int32_t>& prompt, std::int64_t maxTokens, bool stopAtEos) {
    checkPrompt(model, prompt);
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    // The first token needs no place in the caches, each later one needs that of its predecessor.
    const std::int64_t limit = std::min(maxTokens, model.context - static_cast<std::int64_t>(prompt.size()) + 1);
    Generation generation;
    for (std::int32_t token = prefill(prompt);; token = decode()) {
      generation.tokens.push_back(token);
      if (generation.tokens.size() == 1) generation.prefillSeconds = seconds();
      generation.decodeSeconds = seconds() - generation.prefillSeconds;
      if (stopAtEos && std::count(model.eos.begin(), model.eos.end(), token) > 0) {
        generation.stop = "eos";
        return generation;
      }
      if (static_cast<std::int64_t>(generation.tokens.size()) >= limit) return generation;
    }
  }

 private:
  std::int32_t prefill(const std::vector<std::int32_t>& prompt) {
    const auto chunk = static_cast<std::size_t>(executor.largestCall("prefill"));
    if (chunk == 0) throw Failure(2, "option", std::string(model.name) + " was built without generation");
    setSampling(executor, planFor("prefill", 1), model, sampling, prompt);
    const Plan* plan = nullptr;
    for (std::size_t at = 0; at < prompt.size(); at += chunk) {
      const std::size_t length = std::min(chunk, prompt.size() - at);
      plan = &planFor("prefill", static_cast<std::int64_t>(length));
      const auto first = prompt.begin() + static_cast<std::ptrdiff_t>(at);
      executor.setInput(*plan, "tokens", std::vector<std::int32_t>(first, first + static_cast<std::ptrdiff_t>(length)));
      executor.setInput(*plan, "count", std::vector<std::int32_t>{static_cast<std::int32_t>(length)});
      executor.setInput(*plan, "pos", std::vector<std::int32_t>{static_cast<std::int32_t>(at)});
      // The token sampled after an inner chunk means nothing: it must not advance the random numbers.
      executor.setInput(*plan, "step", std::vector<std::uint32_t>{0});
      executor.run(*plan, static_cast<std::int64_t>(length));
    }
    return executor.readInteger(*plan, "token");
  }

  std::int32_t decode() {
    const Plan& plan = planFor("decode", 1);
    executor.run(plan, 1);
    return executor.readInteger(plan, "token");
  }

  const Plan& planFor(const char* entry, std::int64_t tokens) const {
    const Plan* plan = executor.planFor(entry, tokens);
    if (plan == nullptr) throw Failure(2, "option", std::string(model.name) + " was built without " + entry);
    return *plan;
  }

  const Model& model;
  Executor& executor;
  const Sampling& sampling;
};

}  // namespace llm
