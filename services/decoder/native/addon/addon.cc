#include <napi.h>

#include "addon/channel_index_binding.h"
#include "addon/decode_pool_binding.h"
#include "addon/format_bindings.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  mef3::addon::ExportFormat(env, exports);
  mef3::addon::ExportChannelIndex(env, exports);
  mef3::addon::ExportDecodePool(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(mef3_decoder, Init)
