// Numbers of 16 bits: their bits from a double and back, and one operation on them rounded once, to nearest even.
//
// Format<10, 5> is binary16 and Format<7, 8> bfloat16. A double holds every value of both and every product of two; a
// sum that a double cannot hold is rounded to odd first, which keeps the second rounding right (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008: 53 >= 2 * (fraction bits + 1) + 2).
#pragma once

#include <math.h>
#include <stdint.h>

#include "keywords.h"

namespace cuda_sim {

template <int fractionBits, int exponentBits>
struct Format {
  static constexpr int bias = (1 << (exponentBits - 1)) - 1;
  static constexpr uint16_t infinity = ((1 << exponentBits) - 1) << fractionBits;
  // What the conversion instructions of the GPU give for every NaN.
  static constexpr uint16_t nan = 0x7fff;

  __attribute__((no_sanitize_thread)) static double value(uint16_t bits) {
    const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
    const int exponent = (bits & 0x7fff) >> fractionBits;
    const int fraction = bits & ((1 << fractionBits) - 1);
    if ((bits & infinity) == infinity) return fraction == 0 ? sign * HUGE_VAL : NAN;
    if (exponent == 0) return sign * ldexp(fraction, 1 - bias - fractionBits);
    return sign * ldexp(fraction + (1 << fractionBits), exponent - bias - fractionBits);
  }

  __attribute__((no_sanitize_thread)) static uint16_t round(double x) {
    if (x != x) return nan;
    const uint16_t sign = signbit(x) ? 0x8000 : 0;
    const double size = fabs(x);
    if (size == 0) return sign;
    if (size > 1e300) return sign | infinity;
    // The spacing of the format around `size`: 2^(exponent - fractionBits).
    int exponent;
    frexp(size, &exponent);
    exponent = exponent - 1 < 1 - bias ? 1 - bias : exponent - 1;
    const double units = nearbyint(ldexp(size, fractionBits - exponent));
    // Counted from the subnormals on, a carry into the next exponent is a plain addition.
    const int64_t bits = static_cast<int64_t>(units) + (static_cast<int64_t>(exponent + bias - 1) << fractionBits);
    return sign | (bits >= infinity ? infinity : static_cast<uint16_t>(bits));
  }

  // a + b in a double, rounded to odd where it is not exact.
  __attribute__((no_sanitize_thread)) static double oddSum(double a, double b) {
    const double sum = a + b;
    if (!(fabs(sum) <= 1e300)) return sum;
    const double partOfB = sum - a;
    const double error = (a - (sum - partOfB)) + (b - partOfB);
    if (error == 0 || (__builtin_bit_cast(uint64_t, sum) & 1) == 1) return sum;
    return nextafter(sum, error > 0 ? HUGE_VAL : -HUGE_VAL);
  }

  __attribute__((no_sanitize_thread)) static uint16_t add(uint16_t a, uint16_t b) { return round(oddSum(value(a), value(b))); }
  __attribute__((no_sanitize_thread)) static uint16_t subtract(uint16_t a, uint16_t b) { return round(oddSum(value(a), -value(b))); }
  __attribute__((no_sanitize_thread)) static uint16_t multiply(uint16_t a, uint16_t b) { return round(value(a) * value(b)); }
  __attribute__((no_sanitize_thread)) static uint16_t divide(uint16_t a, uint16_t b) { return round(value(a) / value(b)); }
  __attribute__((no_sanitize_thread)) static uint16_t fma(uint16_t a, uint16_t b, uint16_t c) {
    return round(oddSum(value(a) * value(b), value(c)));
  }
};

using Binary16 = Format<10, 5>;
using Bfloat16 = Format<7, 8>;

}  // namespace cuda_sim
