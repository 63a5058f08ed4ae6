#include "mef3/range_decoder.h"

#include <algorithm>
#include <array>
#include <bit>

#include "mef3/byte_order.h"

// x86-64 compiles the loop twice: shifts by a variable and counting leading
// zeros take one operation each only with BMI2 and LZCNT (2013 and later).
// Attributes per function rather than flags per file: inline functions of
// shared headers must not be compiled for a newer machine here and then be
// chosen by the linker for everybody.
#define MEF3_ALWAYS_INLINE [[gnu::always_inline]] inline
#if defined(__x86_64__)
#define MEF3_BMI2 [[gnu::target("bmi,bmi2,lzcnt,movbe")]]
#endif

namespace mef3 {
namespace {

// Appends whole bytes of the stream until range > 2^23, without branches.
//
// The number of bytes follows from the leading zeros of range - 1 (range is
// never zero, so at most three): 1..8 zeros need none, 9..16 one, and so on.
MEF3_ALWAYS_INLINE void Renormalise(RangeDecoderState& state) {
  const auto zeros = static_cast<std::uint32_t>(std::countl_zero(state.range - 1));
  const std::uint32_t bits = (zeros - 1) & 0x18U;
  // `next` has one bit left to give, so the bits wanted start at the eighth.
  const std::uint64_t ahead = LoadBigEndian64(state.next) >> (57 - bits);
  const auto appended = static_cast<std::uint32_t>(ahead & ((std::uint64_t{1} << bits) - 1));
  state.low = (state.low << bits) | appended;
  state.range <<= bits;
  state.next += bits >> 3;
}

// range / total, exactly (see SymbolModel::reciprocal).
MEF3_ALWAYS_INLINE std::uint32_t UnitOf(const SymbolModel& model, std::uint32_t range) {
  __extension__ using Product = unsigned __int128;
  return static_cast<std::uint32_t>((Product{model.reciprocal} * range) >> 64);
}

// No branch depends on the data: a misprediction would throw away the work of
// all streams that are decoded together.
MEF3_ALWAYS_INLINE std::uint8_t DecodeOne(RangeDecoderState& state) {
  Renormalise(state);
  const SymbolModel& model = *state.model;
  const std::uint32_t unit = UnitOf(model, state.range);
  // Beyond the last position only in streams no encoder makes; the format says
  // that the last symbol takes those.
  const std::uint32_t position = std::min(state.low / unit, model.total - 1);
  const std::uint8_t symbol = model.owner[position];
  const SymbolModel::Share share = model.share[symbol];
  const std::uint32_t below = unit * share.below;
  state.low -= below;
  state.range = unit * share.own + ((state.range - below) & share.rest_mask);
  return symbol;
}

template <std::size_t kStreams>
MEF3_ALWAYS_INLINE void DecodeTogether(RangeDecoderState* streams, std::uint8_t* const* symbols,
                                       std::size_t n_symbols) {
  // Local copies: a store through a byte pointer could otherwise change them.
  std::array<RangeDecoderState, kStreams> local;
  std::array<std::uint8_t*, kStreams> out;
  std::copy_n(streams, kStreams, local.begin());
  std::copy_n(symbols, kStreams, out.begin());
  for (std::size_t i = 0; i < n_symbols; ++i) {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < kStreams; ++k) out[k][i] = DecodeOne(local[k]);
  }
  std::copy_n(local.begin(), kStreams, streams);
}

MEF3_ALWAYS_INLINE void DecodeAny(std::span<RangeDecoderState> states,
                                  std::span<std::uint8_t* const> symbols, std::size_t n_symbols) {
  static_assert(kMaxLockstep == 4);
  switch (states.size()) {
    case 1: return DecodeTogether<1>(states.data(), symbols.data(), n_symbols);
    case 2: return DecodeTogether<2>(states.data(), symbols.data(), n_symbols);
    case 3: return DecodeTogether<3>(states.data(), symbols.data(), n_symbols);
    case 4: return DecodeTogether<4>(states.data(), symbols.data(), n_symbols);
    default: return;
  }
}

using DecodeFn = void (*)(std::span<RangeDecoderState>, std::span<std::uint8_t* const>,
                          std::size_t);

void DecodeBaseline(std::span<RangeDecoderState> states, std::span<std::uint8_t* const> symbols,
                    std::size_t n_symbols) {
  DecodeAny(states, symbols, n_symbols);
}

#if defined(MEF3_BMI2)
MEF3_BMI2 void DecodeBmi2(std::span<RangeDecoderState> states,
                          std::span<std::uint8_t* const> symbols, std::size_t n_symbols) {
  DecodeAny(states, symbols, n_symbols);
}

DecodeFn ChooseDecoder() {
  // Not every compiler can ask for LZCNT and MOVBE; every processor that has BMI2
  // and AVX2 has them, too.
  const bool is_recent = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2");
  return is_recent ? DecodeBmi2 : DecodeBaseline;
}
#else
DecodeFn ChooseDecoder() { return DecodeBaseline; }
#endif

}  // namespace

RangeDecoderState StartRangeDecoder(const std::uint8_t* payload, const SymbolModel& model) {
  return {static_cast<std::uint32_t>(payload[0] >> 1), 128, payload, &model};
}

void DecodeSymbols(std::span<RangeDecoderState> states, std::span<std::uint8_t* const> symbols,
                   std::size_t n_symbols) {
  static const DecodeFn decode = ChooseDecoder();
  decode(states, symbols, n_symbols);
}

}  // namespace mef3
