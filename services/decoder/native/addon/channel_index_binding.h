#ifndef MEF3_ADDON_CHANNEL_INDEX_BINDING_H_
#define MEF3_ADDON_CHANNEL_INDEX_BINDING_H_

#include <napi.h>

#include <memory>

#include "mef3/channel_index.h"

namespace mef3::addon {

// buildChannelIndex(segments, samplingRate, done): the index is built on a worker
// thread and handed to `done(status, index)` as an opaque handle.
void ExportChannelIndex(Napi::Env env, Napi::Object exports);

// The index behind a handle; throws a TypeError for anything else.
std::shared_ptr<const ChannelIndex> ChannelIndexOf(const Napi::Value& handle);

}  // namespace mef3::addon

#endif  // MEF3_ADDON_CHANNEL_INDEX_BINDING_H_
