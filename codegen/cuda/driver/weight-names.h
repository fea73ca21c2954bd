// From the names of a checkpoint to the parameters of the model, by its rules. In a pattern `*` stands for one name
// between dots, `**` for anything, `{a,b}` for either, `{i}` for one name that the other side repeats.
//   rename           replaces a whole name or its beginning up to a dot
//   optional_prefix  stands before names in some checkpoints and not in others
//   ignore           tensors that nobody needs
//   tied             not loaded: must hold the same numbers as the parameter
//   stack            the tensor whose name holds the number k at {index} is path[k]; a leading `...` is any beginning
#pragma once

#include <cstdint>
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan.h"

namespace llm {

// What a match found: the texts of `*`, `**` and braces in order, the label of those that have one, and where it ended.
struct Match {
  std::vector<std::pair<std::string, std::string>> captures;
  std::size_t end = 0;

  const std::string* labelled(std::string_view label) const {
    for (const auto& [name, text] : captures)
      if (!label.empty() && name == label) return &text;
    return nullptr;
  }
};

class Pattern {
 public:
  // `isPrefix`: the pattern need only match a beginning that ends at a dot.
  Pattern(std::string_view pattern, bool isPrefix) : pattern(pattern), isPrefix(isPrefix) {}

  std::optional<Match> match(std::string_view name) const {
    Match match;
    if (!matchFrom(0, name, 0, match)) return std::nullopt;
    return match;
  }

 private:
  // Matches the rest of the pattern with the rest of the name, the longest text for each part first.
  bool matchFrom(std::size_t part, std::string_view name, std::size_t at, Match& match) const {
    if (part == pattern.size()) {
      match.end = at;
      return at == name.size() || (isPrefix && name[at] == '.');
    }
    const std::size_t close = pattern[part] == '{' ? pattern.find('}', part) : std::string_view::npos;
    if (close != std::string_view::npos) {
      const std::string_view inside = pattern.substr(part + 1, close - part - 1);
      if (inside.find(',') != std::string_view::npos) return matchEither(inside, close + 1, name, at, match);
      return matchAny(false, inside, close + 1, name, at, match);
    }
    if (pattern.substr(part, 2) == "**") return matchAny(true, "", part + 2, name, at, match);
    if (pattern[part] == '*') return matchAny(false, "", part + 1, name, at, match);
    return at < name.size() && name[at] == pattern[part] && matchFrom(part + 1, name, at + 1, match);
  }

  bool matchEither(std::string_view choices, std::size_t rest, std::string_view name, std::size_t at,
                   Match& match) const {
    for (std::size_t start = 0; start <= choices.size();) {
      const std::size_t comma = std::min(choices.find(',', start), choices.size());
      const std::string_view choice = choices.substr(start, comma - start);
      if (name.substr(at, choice.size()) == choice && captured("", choice, rest, name, at, match)) return true;
      start = comma + 1;
    }
    return false;
  }

  bool matchAny(bool withDots, std::string_view label, std::size_t rest, std::string_view name, std::size_t at,
                Match& match) const {
    std::size_t end = at;
    while (end < name.size() && (withDots ? name[end] != '\n' && name[end] != '\r' : name[end] != '.')) end++;
    for (const std::size_t shortest = withDots ? at : at + 1; end >= shortest && end != std::string_view::npos; end--)
      if (captured(label, name.substr(at, end - at), rest, name, at, match)) return true;
    return false;
  }

  bool captured(std::string_view label, std::string_view text, std::size_t rest, std::string_view name, std::size_t at,
                Match& match) const {
    match.captures.emplace_back(label, text);
    if (matchFrom(rest, name, at + text.size(), match)) return true;
    match.captures.pop_back();
    return false;
  }

  std::string_view pattern;
  bool isPrefix;
};

// What a tensor of a file is for: `index` is its place in a stack.
enum class Use { parameter, slice, tied, ignored, extra };
struct Resolution {
  Use use;
  std::string path = "";
  std::int64_t index = 0;
};

using IsParameter = std::function<bool(const std::string&)>;

// `name` with the part that `published` matches replaced by `path`.
inline std::optional<std::string> renamed(const std::string& name, const Rule& rule) {
  const auto match = Pattern(rule.published, true).match(name);
  if (!match) return std::nullopt;
  const std::string_view path = rule.path;
  std::string written;
  std::size_t next = 0;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t close = path[at] == '{' ? path.find('}', at) : std::string_view::npos;
    const std::size_t length = close != std::string_view::npos ? close + 1 - at : path.substr(at, 2) == "**" ? 2 : 1;
    if (close == std::string_view::npos && path[at] != '*') {
      written += path[at++];
      continue;
    }
    const std::string* text = close != std::string_view::npos ? match->labelled(path.substr(at + 1, length - 2))
                              : next < match->captures.size() ? &match->captures[next].second
                                                              : nullptr;
    written += text != nullptr ? *text : std::string(path.substr(at, length));
    next++;
    at += length;
  }
  return written + name.substr(match->end);
}

// The parameter and the place in it for a tensor of a stack.
inline std::optional<Resolution> stacked(const std::string& name, const Rule& rule) {
  const std::string_view published = rule.published;
  const bool isOpen = published.substr(0, 3) == "...";
  const std::string pattern = isOpen ? "**" + std::string(published.substr(3)) : std::string(published);
  const auto match = Pattern(pattern, false).match(name);
  const std::string* number = match ? match->labelled(rule.index) : nullptr;
  if (number == nullptr || number->empty() || number->size() > 9) return std::nullopt;
  if (number->find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if ((*number)[0] == '0' && number->size() > 1) return std::nullopt;
  return Resolution{Use::slice, (isOpen ? match->captures[0].second : "") + rule.path, std::stoll(*number)};
}

// What the tensor called `name` is for. A parameter wins over a rule that ignores it.
inline Resolution resolveName(const std::string& name, const IsParameter& isParameter, const std::vector<Rule>& rules) {
  std::vector<std::string> candidates = {name};
  for (const Rule& rule : rules)
    if (rule.kind == RuleKind::optional_prefix) {
      const std::string prefix = rule.published;
      candidates.push_back(name.compare(0, prefix.size(), prefix) == 0 ? name.substr(prefix.size()) : prefix + name);
    }
  // The first answer of `attempt` over all candidates and all rules of a kind.
  const auto first = [&](RuleKind kind, const auto& attempt) -> std::optional<Resolution> {
    for (const std::string& candidate : candidates)
      for (const Rule& rule : rules)
        if (rule.kind == kind)
          if (auto found = attempt(candidate, rule); found) return found;
    return std::nullopt;
  };
  const auto asRenamed = [&](Use use) {
    return [&, use](const std::string& candidate, const Rule& rule) -> std::optional<Resolution> {
      const auto path = renamed(candidate, rule);
      if (!path || !isParameter(*path)) return std::nullopt;
      return Resolution{use, *path};
    };
  };
  for (const std::string& candidate : candidates)
    if (isParameter(candidate)) return {Use::parameter, candidate};
  if (const auto found = first(RuleKind::rename, asRenamed(Use::parameter))) return *found;
  const auto asSlice = [&](const std::string& candidate, const Rule& rule) {
    auto slice = stacked(candidate, rule);
    return slice && isParameter(slice->path) ? slice : std::nullopt;
  };
  if (const auto found = first(RuleKind::stack, asSlice)) return *found;
  if (const auto found = first(RuleKind::tied, asRenamed(Use::tied))) return *found;
  const auto asIgnored = [](const std::string& candidate, const Rule& rule) -> std::optional<Resolution> {
    if (!Pattern(rule.published, false).match(candidate)) return std::nullopt;
    return Resolution{Use::ignored};
  };
  return first(RuleKind::ignore, asIgnored).value_or(Resolution{Use::extra});
}

}  // namespace llm
