#ifndef MEF3_ADDON_DECODE_POOL_BINDING_H_
#define MEF3_ADDON_DECODE_POOL_BINDING_H_

#include <napi.h>

namespace mef3::addon {

// class DecodePool: see native.ts for its JavaScript face.
void ExportDecodePool(Napi::Env env, Napi::Object exports);

}  // namespace mef3::addon

#endif  // MEF3_ADDON_DECODE_POOL_BINDING_H_
