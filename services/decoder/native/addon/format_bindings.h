#ifndef MEF3_ADDON_FORMAT_BINDINGS_H_
#define MEF3_ADDON_FORMAT_BINDINGS_H_

#include <napi.h>

namespace mef3::addon {

// crc32, encodeRedBlock, readUniversalHeader, readMetadata: synchronous, on
// buffers of bounded size.
void ExportFormat(Napi::Env env, Napi::Object exports);

}  // namespace mef3::addon

#endif  // MEF3_ADDON_FORMAT_BINDINGS_H_
