#include "mef3/symbol_model.h"

#include <cstddef>
#include <cstring>

namespace mef3 {

Status BuildSymbolModel(std::span<const std::uint8_t, 256> statistics, SymbolModel& model) {
  std::uint32_t sum = 0;
  for (std::size_t symbol = 0; symbol < 256; ++symbol) {
    const std::uint8_t count = statistics[symbol];
    model.share[symbol] = {static_cast<std::uint16_t>(sum), count, 0};
    // Whole groups: most counts are small, and a store of fixed size is one
    // instruction. What it writes too far the next symbol overwrites.
    for (std::uint32_t i = 0; i < count; i += kOwnersPerStore) {
      std::memset(model.owner + sum + i, static_cast<int>(symbol), kOwnersPerStore);
    }
    sum += count;
  }
  if (sum == 0) return Status::kBadHeader;
  if (sum == 1) {
    // A single position is given twice, since the reciprocal of 1 has 65 bits. The
    // range stays 2^31 either way, so the decoded symbols are the same.
    model.owner[1] = model.owner[0];
    model.share[model.owner[0]].own = 2;
    sum = 2;
  }
  model.share[255].own = 0;
  model.share[255].rest_mask = ~std::uint32_t{0};
  model.total = sum;
  model.reciprocal = ~std::uint64_t{0} / sum + 1;
  return Status::kOk;
}

}  // namespace mef3
