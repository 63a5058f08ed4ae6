#include "addon/channel_index_binding.h"

#include <utility>
#include <vector>

#include "addon/arguments.h"

namespace mef3::addon {
namespace {

// Marks our externals, so that another library's are not taken for an index.
constexpr napi_type_tag kIndexTag = {0x6d65663363686e6c, 0x696e64657868646c};

using Handle = std::shared_ptr<const ChannelIndex>;

std::optional<std::int64_t> OptionalTime(const Napi::Value& value, const char* name) {
  if (value.IsUndefined()) return std::nullopt;
  return Integer(value, name);
}

SegmentInput SegmentOf(const Napi::Object& segment) {
  SegmentInput input;
  const Napi::Value file = segment.Get("indexFile");
  if (!file.IsUndefined()) input.index_file = Bytes(file, "indexFile");
  input.data_bytes =
      static_cast<std::uint64_t>(IntegerWithin(segment.Get("dataBytes"), "dataBytes", 0, kMaxTime));
  input.recording_time_offset = Integer(segment.Get("recordingTimeOffset"), "recordingTimeOffset");
  input.units_conversion_factor =
      Number(segment.Get("unitsConversionFactor"), "unitsConversionFactor");
  input.start_time = OptionalTime(segment.Get("startUutc"), "startUutc");
  input.end_time = OptionalTime(segment.Get("endUutc"), "endUutc");
  input.number_of_samples = Integer(segment.Get("nSamples"), "nSamples");
  return input;
}

// [first, end) pairs as a flat Float64Array.
template <typename Spans, typename Fill>
Napi::Float64Array Flatten(Napi::Env env, const Spans& spans, std::size_t width, Fill fill) {
  auto flat = Napi::Float64Array::New(env, spans.size() * width);
  std::size_t at = 0;
  for (const auto& span : spans) {
    fill(flat.Data() + at, span);
    at += width;
  }
  return flat;
}

Napi::Array SegmentsOf(Napi::Env env, const ChannelIndex& index) {
  auto segments = Napi::Array::New(env, index.segments().size());
  for (std::uint32_t i = 0; i < index.segments().size(); ++i) {
    const SegmentSummary& summary = index.segments()[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("status", static_cast<double>(summary.status));
    object.Set("firstSlot", static_cast<double>(summary.first_slot));
    object.Set("endSlot", static_cast<double>(summary.end_slot));
    object.Set("nSamples", static_cast<double>(summary.number_of_samples));
    object.Set("nDropped", summary.n_dropped);
    object.Set("hasRemainder", summary.has_remainder);
    object.Set("lastBlockSlot", static_cast<double>(summary.last_block_slot));
    segments.Set(i, object);
  }
  return segments;
}

Napi::Object Describe(Napi::Env env, const Handle& index) {
  Napi::Object object = Napi::Object::New(env);
  auto external = Napi::External<Handle>::New(env, new Handle(index),
                                              [](Napi::Env, Handle* handle) { delete handle; });
  napi_type_tag_object(env, external, &kIndexTag);
  object.Set("handle", external);
  object.Set("startUutc", static_cast<double>(index->grid().start));
  object.Set("endUutc", static_cast<double>(index->end_time()));
  object.Set("nSlots", static_cast<double>(index->n_slots()));
  object.Set("nSamples", static_cast<double>(index->n_samples()));
  object.Set("nOverlapped", static_cast<double>(index->n_overlapped()));
  object.Set("nBlocks", static_cast<double>(index->entries().size()));
  object.Set("memoryBytes", static_cast<double>(index->MemoryBytes()));
  object.Set("segments", SegmentsOf(env, *index));
  object.Set("coverage", Flatten(env, index->coverage(), 2, [](double* at, const SlotPiece& p) {
               at[0] = static_cast<double>(p.first);
               at[1] = static_cast<double>(p.end);
             }));
  object.Set("damage", Flatten(env, index->damage(), 3, [](double* at, const DamagedSpan& d) {
               at[0] = static_cast<double>(d.first);
               at[1] = static_cast<double>(d.end);
               at[2] = static_cast<double>(d.reason);
             }));
  return object;
}

// Builds on a libuv thread: an index may have millions of entries.
class BuildWorker final : public Napi::AsyncWorker {
 public:
  BuildWorker(const Napi::Array& segments, double sampling_rate, const Napi::Function& done)
      : Napi::AsyncWorker(done, "mef3:buildChannelIndex"),
        pinned_(Napi::Persistent(segments.As<Napi::Object>())),
        sampling_rate_(sampling_rate),
        index_(std::make_shared<ChannelIndex>()) {
    for (std::uint32_t i = 0; i < segments.Length(); ++i) {
      inputs_.push_back(SegmentOf(Object(segments.Get(i), "segment")));
    }
  }

  void Execute() override { status_ = ChannelIndex::Build(inputs_, sampling_rate_, *index_); }

  std::vector<napi_value> GetResult(Napi::Env env) override {
    const bool ok = status_ == Status::kOk;
    return {Napi::Number::New(env, static_cast<double>(status_)),
            ok ? Napi::Value(Describe(env, index_)) : env.Undefined()};
  }

  // done(status, index)
  void OnOK() override {
    const Napi::HandleScope scope(Env());
    Callback().Call(GetResult(Env()));
  }

 private:
  // Keeps the segments' buffers alive while the worker reads them.
  Napi::ObjectReference pinned_;
  double sampling_rate_;
  std::vector<SegmentInput> inputs_;
  std::shared_ptr<ChannelIndex> index_;
  Status status_ = Status::kOk;
};

// buildChannelIndex(segments, samplingRate, done)
Napi::Value BuildChannelIndex(const Napi::CallbackInfo& info) {
  const Napi::Array segments = Array(info[0], "segments");
  if (!info[2].IsFunction()) throw Napi::TypeError::New(info.Env(), "done must be a function");
  auto* const worker =
      new BuildWorker(segments, Number(info[1], "samplingRate"), info[2].As<Napi::Function>());
  worker->Queue();  // deletes itself
  return info.Env().Undefined();
}

}  // namespace

std::shared_ptr<const ChannelIndex> ChannelIndexOf(const Napi::Value& handle) {
  bool is_index = false;
  if (handle.IsExternal()) {
    napi_check_object_type_tag(handle.Env(), handle, &kIndexTag, &is_index);
  }
  if (!is_index) throw Napi::TypeError::New(handle.Env(), "index must be a channel index");
  return *handle.As<Napi::External<Handle>>().Data();
}

void ExportChannelIndex(Napi::Env env, Napi::Object exports) {
  exports.Set("buildChannelIndex",
              Napi::Function::New<BuildChannelIndex>(env, "buildChannelIndex"));
}

}  // namespace mef3::addon
