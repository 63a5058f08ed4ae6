#ifndef MEF3_RANGE_DECODER_H_
#define MEF3_RANGE_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "mef3/symbol_model.h"

namespace mef3 {

// How far one block's range-coded stream has been decoded.
//
// The coder's two quantities are unsigned 32-bit with wrap-around. `low` holds
// stream bits shifted by one: the first byte contributes its upper seven bits,
// so the eight bits that a renormalisation appends straddle two bytes. `next`
// is the byte whose lowest bit comes next.
struct RangeDecoderState {
  std::uint32_t low;
  std::uint32_t range;
  const std::uint8_t* next;
  const SymbolModel* model;
};

// A symbol consumes at most this many bytes.
inline constexpr std::size_t kMaxBytesPerSymbol = 3;
// Bytes that may be read (not consumed) beyond the last one consumed.
inline constexpr std::size_t kReadAhead = 8;
// Most streams decoded in one loop. Measured: the rate grows to four and stays
// level beyond, when integer divisions fill the divider.
inline constexpr std::size_t kMaxLockstep = 4;

// The state before the first symbol of a payload of at least one byte.
RangeDecoderState StartRangeDecoder(const std::uint8_t* payload, const SymbolModel& model);

// Decodes `n_symbols` symbols of each stream, in one loop over all of them.
//
//   states   1 to kMaxLockstep streams; advanced by the call. From each `next`,
//            n_symbols * kMaxBytesPerSymbol + kReadAhead bytes must be readable.
//   symbols  symbols[i] receives n_symbols byte values of states[i]
//
// The decoder is one long chain of dependent operations, and a core waits most
// of the time; independent streams fill the gaps. Never fails: any bytes decode
// to some symbols, and a symbol of count zero is never chosen.
//
// Source: MEF 3.0 specification, "RED"; G. N. N. Martin, "Range encoding", 1979.
void DecodeSymbols(std::span<RangeDecoderState> states, std::span<std::uint8_t* const> symbols,
                   std::size_t n_symbols);

}  // namespace mef3

#endif  // MEF3_RANGE_DECODER_H_
