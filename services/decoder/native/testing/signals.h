#ifndef MEF3_TESTING_SIGNALS_H_
#define MEF3_TESTING_SIGNALS_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace mef3::test {

// How often a property is tried: sanitizers slow everything down tenfold.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr int kEffort = 1;
#else
inline constexpr int kEffort = 8;
#endif

using Samples = std::vector<std::int32_t>;

// A random walk that is drawn back to zero, its steps normally distributed.
inline Samples RandomWalk(std::size_t n, double step, std::mt19937_64& random) {
  std::normal_distribution<double> steps(0.0, step);
  Samples samples(n);
  double value = 0.0;
  for (std::int32_t& sample : samples) {
    value = 0.998 * value + steps(random);
    sample = static_cast<std::int32_t>(std::lround(value));
  }
  return samples;
}

// What EEG looks like to the codec: nearly all differences fit a byte.
inline Samples Quiet(std::size_t n, std::mt19937_64& random) { return RandomWalk(n, 20.0, random); }

// About a third of the differences need a keysample.
inline Samples Rough(std::size_t n, std::mt19937_64& random) {
  return RandomWalk(n, 131.0, random);
}

inline Samples Constant(std::size_t n, std::mt19937_64& random) {
  return Samples(n, static_cast<std::int32_t>(random()));
}

// Jumps between the ends of the range: differences pass 2^31 both ways.
inline Samples Extreme(std::size_t n, std::mt19937_64& random) {
  constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
  constexpr auto kHighest = std::numeric_limits<std::int32_t>::max();
  Samples samples(n);
  for (std::int32_t& sample : samples) {
    const auto near = static_cast<std::int32_t>(random() % 200);
    sample = random() % 2 == 0 ? kLowest + near : kHighest - near;
  }
  return samples;
}

// The full range, uniformly: every sample is a keysample and all bytes occur.
inline Samples Uniform(std::size_t n, std::mt19937_64& random) {
  Samples samples(n);
  for (std::int32_t& sample : samples) sample = static_cast<std::int32_t>(random());
  return samples;
}

// One of the above.
inline Samples AnySignal(std::size_t n, std::mt19937_64& random) {
  switch (random() % 5) {
    case 0: return Quiet(n, random);
    case 1: return Rough(n, random);
    case 2: return Constant(n, random);
    case 3: return Extreme(n, random);
    default: return Uniform(n, random);
  }
}

inline std::vector<std::uint8_t> RandomBytes(std::size_t n, std::mt19937_64& random) {
  std::vector<std::uint8_t> bytes(n);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace mef3::test

#endif  // MEF3_TESTING_SIGNALS_H_
