// How the next tokens are chosen, and the arguments that tell the device so: those of the JavaScript runtime, with the
// same ranges. Temperature 0 takes the most likely token.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "executor.h"
#include "failure.h"
#include "plan.h"

namespace llm {

struct Sampling {
  double temperature = 0;
  // 0: no limit.
  std::int64_t topK = 0;
  double topP = 1;
  double minP = 0;
  double repetitionPenalty = 1;
  double presencePenalty = 0;
  double frequencyPenalty = 0;
  // Token and what is added to its logit; minus infinity bans it.
  std::vector<std::pair<std::int32_t, double>> logitBias;
  std::int64_t seed = 0;
};

// Throws for a bias of a token that the model does not have.
inline void checkSampling(const Model& model, const Sampling& sampling) {
  for (const auto& [token, bias] : sampling.logitBias)
    if (token >= model.vocabulary)
      throw Failure(2, "option",
                    "--logit-bias must name tokens below " + std::to_string(model.vocabulary) + ", not " +
                        std::to_string(token));
}

// Writes the arguments, which all plans share. `prompt` is the whole prompt: its tokens are what the device counts from.
inline void setSampling(Executor& executor, const Plan& plan, const Model& model, const Sampling& sampling,
                        const std::vector<std::int32_t>& prompt) {
  // The number of stop tokens that the sampling kernel looks at; -1 is none.
  constexpr std::size_t deviceStops = 8;
  const auto vocabulary = static_cast<std::size_t>(model.vocabulary);
  const auto number = [](double x) { return std::vector<float>{static_cast<float>(x)}; };
  std::vector<float> bias(vocabulary, 0.0f);
  for (const auto& [token, x] : sampling.logitBias)
    bias[static_cast<std::size_t>(token)] = std::max(static_cast<float>(x), std::numeric_limits<float>::lowest());
  std::vector<std::int32_t> counts(vocabulary, 0);
  for (const std::int32_t token : prompt) counts[static_cast<std::size_t>(token)] = 1;
  executor.setInput(plan, "temperature", number(sampling.temperature));
  executor.setInput(plan, "top_k", std::vector<std::int32_t>{static_cast<std::int32_t>(sampling.topK)});
  executor.setInput(plan, "top_p", number(sampling.topP));
  executor.setInput(plan, "min_p", number(sampling.minP));
  executor.setInput(plan, "seed", std::vector<std::uint32_t>{static_cast<std::uint32_t>(sampling.seed)});
  executor.setInput(plan, "stops", std::vector<std::int32_t>(deviceStops, -1));
  executor.setInput(plan, "penalties",
                    std::vector<float>{static_cast<float>(sampling.repetitionPenalty),
                                       static_cast<float>(sampling.presencePenalty),
                                       static_cast<float>(sampling.frequencyPenalty)});
  executor.setInput(plan, "logit_bias", bias);
  executor.setInput(plan, "counts", counts);
}

}  // namespace llm
