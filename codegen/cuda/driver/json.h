// JSON from strangers (RFC 8259), read strictly: a duplicate key, an integer beyond 2^53 and deep nesting are errors.
// The text must be valid UTF-8, which `isUtf8` tells; strings come back as UTF-8.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm {

struct JsonError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Json {
  enum class Kind { null, boolean, number, string, list, object };
  Kind kind = Kind::null;
  double number = 0;
  std::string string;
  std::vector<Json> items;
  // In the order of the text.
  std::vector<std::pair<std::string, Json>> fields;

  const Json* find(std::string_view key) const {
    for (const auto& [name, value] : fields)
      if (name == key) return &value;
    return nullptr;
  }
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
inline bool isUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) {
      return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
    };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xc2 ? 0
                               : first < 0xe0 ? 2
                               : first < 0xf0 ? 3
                               : first < 0xf5 ? 4
                                              : 0;
    if (length == 0) return false;
    const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (std::size_t i = 1; i < length; i++)
      if (byte(i) < (i == 1 ? low : 0x80) || byte(i) > (i == 1 ? high : 0xbf)) return false;
    at += length;
  }
  return true;
}

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text(text) {}

  // One value that fills the whole text. Throws `JsonError`.
  Json document() {
    Json value = this->value(0);
    skipSpace();
    if (at < text.size()) fail("something follows the value");
    return value;
  }

 private:
  // No header is nested deeper.
  static constexpr int maxDepth = 32;
  static constexpr double maxInteger = 9007199254740991;

  [[noreturn]] void fail(const std::string& problem) const {
    throw JsonError(problem + " at byte " + std::to_string(at));
  }

  char peek() const { return at < text.size() ? text[at] : '\0'; }

  void skipSpace() {
    while (at < text.size() && std::string_view(" \t\n\r").find(text[at]) != std::string_view::npos) at++;
  }

  bool accept(char wanted) {
    skipSpace();
    if (at >= text.size() || text[at] != wanted) return false;
    at++;
    return true;
  }

  Json value(int depth) {
    if (depth > maxDepth) fail("nested too deeply");
    Json json;
    if (accept('{')) return object(depth);
    if (accept('[')) {
      json.kind = Json::Kind::list;
      if (accept(']')) return json;
      do json.items.push_back(value(depth + 1));
      while (accept(','));
      if (!accept(']')) fail("`,` or `]` is expected");
      return json;
    }
    if (peek() == '"') {
      json.kind = Json::Kind::string;
      json.string = string();
      return json;
    }
    for (const std::string_view word : {"true", "false", "null"})
      if (text.substr(at, word.size()) == word) {
        at += word.size();
        json.kind = word == "null" ? Json::Kind::null : Json::Kind::boolean;
        return json;
      }
    json.kind = Json::Kind::number;
    json.number = number();
    return json;
  }

  Json object(int depth) {
    Json json;
    json.kind = Json::Kind::object;
    if (accept('}')) return json;
    std::set<std::string> keys;
    do {
      skipSpace();
      if (peek() != '"') fail("a key in double quotes is expected");
      std::string key = string();
      if (!keys.insert(key).second) fail("the key \"" + key + "\" occurs twice, the second time");
      if (!accept(':')) fail("`:` is expected");
      json.fields.emplace_back(std::move(key), value(depth + 1));
    } while (accept(','));
    if (!accept('}')) fail("`,` or `}` is expected");
    return json;
  }

  bool digits() {
    const std::size_t start = at;
    while (peek() >= '0' && peek() <= '9') at++;
    return at > start;
  }

  double number() {
    const std::size_t start = at;
    if (peek() == '-') at++;
    // A leading zero stands alone.
    if (peek() == '0')
      at++;
    else if (!digits())
      fail("a value is expected");
    bool isInteger = true;
    const auto part = [&](bool isExponent) {
      const std::size_t before = at++;
      if (isExponent && (peek() == '+' || peek() == '-')) at++;
      if (digits())
        isInteger = false;
      else
        at = before;
    };
    if (peek() == '.') part(false);
    if (peek() == 'e' || peek() == 'E') part(true);
    const std::string written(text.substr(start, at - start));
    const double value = std::strtod(written.c_str(), nullptr);
    if (!std::isfinite(value) || (isInteger && std::fabs(value) > maxInteger))
      fail("the number " + written + " is beyond 2^53, which ends");
    return value;
  }

  std::string string() {
    std::string out;
    for (at++; peek() != '"'; at++) {
      if (at >= text.size() || static_cast<unsigned char>(peek()) < 0x20) fail("a malformed string");
      if (peek() != '\\') {
        out += peek();
        continue;
      }
      at++;
      const std::size_t simple = std::string_view("\"\\/bfnrt").find(peek());
      if (simple != std::string_view::npos && peek() != '\0')
        out += "\"\\/\b\f\n\r\t"[simple];
      else if (peek() == 'u')
        appendEscaped(out);
      else
        fail("a malformed string");
    }
    at++;
    return out;
  }

  // The four digits behind `\u`; leaves `at` on the last one.
  std::uint32_t fourDigits() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
      at++;
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) fail("a malformed string");
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  // A lone surrogate, which UTF-8 cannot say, becomes the three bytes that its number would have.
  void appendEscaped(std::string& out) {
    std::uint32_t code = fourDigits();
    if (code >= 0xd800 && code < 0xdc00 && text.substr(at + 1, 2) == "\\u") {
      const std::size_t before = at;
      at += 2;
      const std::uint32_t low = fourDigits();
      if (low >= 0xdc00 && low < 0xe000)
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      else
        at = before;
    }
    const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800)
      add(0xc0 | code >> 6);
    else if (code < 0x10000)
      add(0xe0 | code >> 12), add(0x80 | (code >> 6 & 63));
    else
      add(0xf0 | code >> 18), add(0x80 | (code >> 12 & 63)), add(0x80 | (code >> 6 & 63));
    add(0x80 | (code & 63));
  }

  std::string_view text;
  std::size_t at = 0;
};

}  // namespace llm
