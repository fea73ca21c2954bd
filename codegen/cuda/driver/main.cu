// Loads the weights and continues a list of token ids on a CUDA device. Exit codes: 0 fine, 2 usage, 3 a bug,
// 4 device, 5 file; a failure is one message on stderr, and with --json a document on stdout as well.
#include <algorithm>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "executor.h"
#include "failure.h"
#include "file.h"
#include "generate.h"
#include "options.h"
#include "plan.h"
#include "sampling.h"
#include "weights.h"

namespace llm {
namespace {

std::string idsText(const std::vector<std::int32_t>& ids, const char* separator) {
  std::string text;
  for (const std::int32_t id : ids) text += (text.empty() ? "" : separator) + std::to_string(id);
  return text;
}

std::string jsonText(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    char code[8];
    std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    if (c == '"' || c == '\\')
      text += std::string("\\") + c;
    else
      text += static_cast<unsigned char>(c) < 0x20 ? std::string(code) : std::string(1, c);
  }
  return text + "\"";
}

void printJson(const std::string& adapter, const Options& options, const Generation& generation) {
  std::printf(
      "{\"ok\": true, \"target\": \"cuda\", \"adapter\": %s, \"promptTokens\": [%s], \"tokens\": [%s], "
      "\"text\": null, \"stop\": \"%s\", \"prefillSeconds\": %.6f, \"decodeSeconds\": %.6f}\n",
      jsonText(adapter).c_str(), idsText(options.tokens, ", ").c_str(), idsText(generation.tokens, ", ").c_str(),
      generation.stop, generation.prefillSeconds, generation.decodeSeconds);
}

void run(const Options& options) {
  const Model model = describeModel();
  checkPrompt(model, options.tokens);
  checkSampling(model, options.sampling);
  // What is wrong with the file is said before anything is asked of the device.
  File file(options.weights);
  WeightLoader weights(file, model);
  const std::string adapter = deviceName();
  Executor executor(model);
  weights.load(
      [&](const Weight& weight, const std::vector<std::byte>& bytes) { executor.write({weight.buffer}, bytes); });
  const Generation generation = Generator(model, executor, options.sampling).run(options.tokens, options.maxTokens, options.stopAtEos);
  if (options.json)
    printJson(adapter, options, generation);
  else
    std::printf("%s\n", idsText(generation.tokens, ",").c_str());
  if (static_cast<std::int64_t>(generation.tokens.size()) < options.maxTokens &&
      generation.stop == std::string("length"))
    std::fprintf(stderr, "the context of %lld tokens is full\n", static_cast<long long>(model.context));
}

int report(bool json, int exitCode, const char* code, const std::string& message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  if (json)
    std::printf("{\"ok\": false, \"error\": {\"code\": \"%s\", \"message\": %s}}\n", code, jsonText(message).c_str());
  return exitCode;
}

int main(int count, char** texts) {
  const std::vector<std::string> arguments(texts + 1, texts + count);
  bool json = std::count(arguments.begin(), arguments.end(), "--json") > 0;
  try {
    const Options options = readOptions(arguments);
    if (options.help)
      std::printf("usage: %s%s", texts[0], usage);
    else
      run(options);
    return 0;
  } catch (const Failure& failure) {
    return report(json, failure.exitCode, failure.code, failure.message);
  } catch (const std::bad_alloc&) {
    return report(json, 4, "memory", "not enough memory");
  } catch (const std::exception& error) {
    return report(json, 3, "bug", error.what());
  }
}

}  // namespace
}  // namespace llm

int main(int count, char** texts) { return llm::main(count, texts); }
