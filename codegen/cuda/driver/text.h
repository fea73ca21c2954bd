// Numbers as people read them in messages.
#pragma once

#include <sstream>
#include <string>

namespace llm {

inline std::string numberText(double x) {
  std::ostringstream text;
  text << x;
  return text.str();
}

}  // namespace llm
