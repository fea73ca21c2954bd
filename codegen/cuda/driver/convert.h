// Conversions between the float types of files and of buffers: f64, f32, f16, bf16. Narrowing rounds to nearest, ties
// to even (IEEE 754-2019, 4.3.1); an f64 is rounded to f32 first. Little-endian machines only, as CUDA's are.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "plan.h"

namespace llm {

inline std::size_t bytesOf(Type type) {
  switch (type) {
    case Type::f64:
      return 8;
    case Type::f16:
    case Type::bf16:
      return 2;
    case Type::f32:
    case Type::i32:
    case Type::u32:
      break;
  }
  return 4;
}

inline const char* nameOf(Type type) {
  constexpr const char* names[] = {"f64", "f32", "f16", "bf16", "i32", "u32"};
  return names[static_cast<int>(type)];
}

template <typename To, typename From>
To bitsAs(From from) {
  static_assert(sizeof(To) == sizeof(From), "the same bits");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// The bits of the half nearest to `x`; from 65520 on it is infinity.
inline std::uint16_t toHalf(float x) {
  const auto bits = bitsAs<std::uint32_t>(x);
  const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  const auto signedHalf = [&](std::uint32_t half) { return static_cast<std::uint16_t>(sign | half); };
  if (magnitude > 0x7f800000) return signedHalf(0x7e00);
  if (magnitude >= 0x47800000) return signedHalf(0x7c00);
  if (magnitude < 0x33000000) return signedHalf(0);
  const std::uint32_t exponent = magnitude >> 23;
  // Below 2^-14 the half is subnormal: the mantissa, with its hidden bit, moves right.
  const bool isSubnormal = exponent < 113;
  const std::uint32_t mantissa = isSubnormal ? (magnitude & 0x7fffff) | 0x800000 : magnitude - (112u << 23);
  const std::uint32_t shift = isSubnormal ? 126 - exponent : 13;
  const std::uint32_t kept = mantissa >> shift, rest = mantissa & ((1u << shift) - 1), half = 1u << (shift - 1);
  return signedHalf(rest > half || (rest == half && kept % 2 == 1) ? kept + 1 : kept);
}

inline float fromHalf(std::uint16_t bits) {
  const float sign = (bits & 0x8000) == 0 ? 1.0f : -1.0f;
  const int exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : NAN;
  return sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

inline std::uint16_t toBfloat(float x) {
  const auto bits = bitsAs<std::uint32_t>(x);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float fromBfloat(std::uint16_t bits) { return bitsAs<float>(static_cast<std::uint32_t>(bits) << 16); }

template <typename Value>
Value loadAs(const std::byte* from) {
  Value value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline double loadNumber(const std::byte* from, Type type) {
  switch (type) {
    case Type::f64:
      return loadAs<double>(from);
    case Type::f16:
      return fromHalf(loadAs<std::uint16_t>(from));
    case Type::bf16:
      return fromBfloat(loadAs<std::uint16_t>(from));
    case Type::i32:
      return loadAs<std::int32_t>(from);
    case Type::u32:
      return loadAs<std::uint32_t>(from);
    case Type::f32:
      break;
  }
  return loadAs<float>(from);
}

inline void storeNumber(std::byte* to, Type type, double x) {
  const auto store = [&](auto value) { std::memcpy(to, &value, sizeof value); };
  switch (type) {
    case Type::f64:
      return store(x);
    case Type::f16:
      return store(toHalf(static_cast<float>(x)));
    case Type::bf16:
      return store(toBfloat(static_cast<float>(x)));
    case Type::i32:
      return store(static_cast<std::int32_t>(x));
    case Type::u32:
      return store(static_cast<std::uint32_t>(x));
    case Type::f32:
      return store(static_cast<float>(x));
  }
}

// Converts `count` floats. Answers the first finite value that became infinite.
inline std::optional<double> convertFloats(const std::byte* from, Type fromType, std::byte* to, Type toType,
                                           std::size_t count) {
  const std::size_t fromBytes = bytesOf(fromType), toBytes = bytesOf(toType);
  std::optional<double> overflow;
  if (fromType == toType) {
    std::memcpy(to, from, count * toBytes);
    return overflow;
  }
  for (std::size_t i = 0; i < count; i++) {
    const double x = loadNumber(from + i * fromBytes, fromType);
    storeNumber(to + i * toBytes, toType, x);
    if (!overflow && std::isfinite(x) && !std::isfinite(loadNumber(to + i * toBytes, toType))) overflow = x;
  }
  return overflow;
}

// The first infinity or NaN among floats.
inline std::optional<double> nonFinite(const std::vector<std::byte>& bytes, Type type) {
  for (std::size_t at = 0; at < bytes.size(); at += bytesOf(type))
    if (const double x = loadNumber(bytes.data() + at, type); !std::isfinite(x)) return x;
  return std::nullopt;
}

// The elements of a tensor in tiles: row-major `from`, each of `bytesEach` bytes, in the order that plan.h describes.
inline std::vector<std::byte> packed(const std::vector<std::byte>& from, const Weight& weight) {
  const std::size_t rank = weight.dims.size(), bytesEach = bytesOf(weight.type);
  // One loop an axis over the tiles, then one an axis over the elements of a tile: how often, and how far apart.
  std::vector<std::size_t> sizes, strides;
  for (const bool isInner : {false, true})
    for (const std::size_t axis : weight.order) {
      std::size_t stride = 1;
      for (std::size_t i = axis + 1; i < rank; i++) stride *= static_cast<std::size_t>(weight.dims[i]);
      const auto tile = static_cast<std::size_t>(weight.tile[axis]);
      sizes.push_back(isInner ? tile : static_cast<std::size_t>(weight.dims[axis]) / tile);
      strides.push_back(isInner ? stride : stride * tile);
    }
  std::vector<std::byte> to(from.size());
  std::vector<std::size_t> index(sizes.size());
  std::size_t at = 0;
  for (std::size_t done = 0; done < from.size(); done += bytesEach) {
    std::memcpy(to.data() + done, from.data() + at * bytesEach, bytesEach);
    // The next place: the last loop that is not at its end moves on, those behind it begin again.
    for (std::size_t level = sizes.size(); level-- > 0;) {
      at += strides[level];
      if (++index[level] < sizes[level]) break;
      at -= strides[level] * sizes[level];
      index[level] = 0;
    }
  }
  return to;
}

}  // namespace llm
