#include "addon/decode_pool_binding.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "addon/arguments.h"
#include "addon/channel_index_binding.h"
#include "addon/decode_pool.h"
#include "addon/file_source.h"

namespace mef3::addon {
namespace {

// A run with everything it borrows.
struct OwnedRun {
  std::shared_ptr<const ChannelIndex> index;
  std::vector<std::unique_ptr<FileSource>> files;
  std::vector<const ByteSource*> sources;
  std::vector<std::uint8_t*> tiles;
  std::vector<PlainStatistics> statistics;
  TileRun run;
};

class Completion;

// One submitted job: runs of tiles, decoded together.
class DecodeTask final : public PoolTask {
 public:
  DecodeTask(std::vector<OwnedRun> owned, Completion& completion)
      : owned_(std::move(owned)), completion_(completion) {}

  void Run(RunDecoder& decoder, Checkpoint& checkpoint) override {
    std::vector<TileRun> runs;
    for (const OwnedRun& owned : owned_) runs.push_back(owned.run);
    outcomes.resize(runs.size());
    status = decoder.Decode(runs, checkpoint, outcomes, statistics);
  }
  void Skip() override { status = Status::kCancelled; }
  void Finished() override;

  Status status = Status::kOk;
  std::vector<RunOutcome> outcomes;
  DecodeStatistics statistics;
  // Touched on the JavaScript thread only. `pins` holds every tile that the worker
  // borrows.
  Napi::ObjectReference pins;
  Napi::FunctionReference done;
  std::shared_ptr<PoolTask> self;

 private:
  std::vector<OwnedRun> owned_;
  Completion& completion_;
};

Napi::Float64Array DamageOf(Napi::Env env, const RunOutcome& outcome) {
  auto flat = Napi::Float64Array::New(env, outcome.damage.size() * 3);
  double* at = flat.Data();
  for (const DamagedSpan& span : outcome.damage) {
    *at++ = static_cast<double>(span.first);
    *at++ = static_cast<double>(span.end);
    *at++ = static_cast<double>(span.reason);
  }
  return flat;
}

Napi::Float64Array FactorsOf(Napi::Env env, const RunOutcome& outcome) {
  auto flat = Napi::Float64Array::New(env, outcome.factors.size() * 3);
  double* at = flat.Data();
  for (const FactorSpan& span : outcome.factors) {
    *at++ = static_cast<double>(span.first);
    *at++ = static_cast<double>(span.end);
    *at++ = span.factor;
  }
  return flat;
}

Napi::Array EncryptedOf(Napi::Env env, const RunOutcome& outcome) {
  auto blocks = Napi::Array::New(env, outcome.encrypted.size());
  for (std::uint32_t i = 0; i < outcome.encrypted.size(); ++i) {
    const EncryptedBlock& block = outcome.encrypted[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("rank", block.rank);
    object.Set("level", block.level);
    object.Set("ciphertext", Napi::Buffer<std::uint8_t>::Copy(env, block.ciphertext.data(),
                                                              block.ciphertext.size()));
    blocks.Set(i, object);
  }
  return blocks;
}

// { status, outcomes: [{ damage, factors, encrypted }], nBlocks, samplesDecoded,
//   samplesPlaced, bytesRead }
Napi::Object ResultOf(Napi::Env env, const DecodeTask& task) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("status", static_cast<double>(task.status));
  auto outcomes = Napi::Array::New(env, task.outcomes.size());
  for (std::uint32_t i = 0; i < task.outcomes.size(); ++i) {
    const RunOutcome& outcome = task.outcomes[i];
    Napi::Object object = Napi::Object::New(env);
    // Most runs have none of these; absence is cheaper than empty arrays.
    if (!outcome.damage.empty()) object.Set("damage", DamageOf(env, outcome));
    if (!outcome.factors.empty()) object.Set("factors", FactorsOf(env, outcome));
    if (!outcome.encrypted.empty()) object.Set("encrypted", EncryptedOf(env, outcome));
    outcomes.Set(i, object);
  }
  result.Set("outcomes", outcomes);
  result.Set("nBlocks", static_cast<double>(task.statistics.n_blocks));
  result.Set("samplesDecoded", static_cast<double>(task.statistics.samples_decoded));
  result.Set("samplesPlaced", static_cast<double>(task.statistics.samples_placed));
  result.Set("bytesRead", static_cast<double>(task.statistics.bytes_read));
  return result;
}

// Brings finished tasks back to the JavaScript thread. Keeps the event loop
// alive exactly while tasks are under way.
class Completion {
 public:
  explicit Completion(Napi::Env env) {
    to_javascript_ = Napi::ThreadSafeFunction::New(
        env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "mef3:decode", 0, 1);
    to_javascript_.Unref(env);
  }

  void Started(Napi::Env env) {
    if (n_under_way_++ == 0) to_javascript_.Ref(env);
  }

  // From any thread.
  void Finished(DecodeTask* task) {
    // Refused only while the environment shuts down: nobody waits any more, and
    // the references die with the environment.
    to_javascript_.NonBlockingCall(
        task, [this](Napi::Env env, Napi::Function, DecodeTask* done) { Deliver(env, done); });
  }

  void Close() { to_javascript_.Release(); }

 private:
  void Deliver(Napi::Env env, DecodeTask* task) {
    const std::shared_ptr<PoolTask> keep = std::move(task->self);
    if (--n_under_way_ == 0) to_javascript_.Unref(env);
    task->pins.Reset();
    const Napi::FunctionReference done = std::move(task->done);
    done.Call({ResultOf(env, *task)});
  }

  Napi::ThreadSafeFunction to_javascript_;
  std::size_t n_under_way_ = 0;
};

void DecodeTask::Finished() { completion_.Finished(this); }

// The numbers that describe all runs, one after the other, as doubles: crossing
// the boundary once per number would cost more than decoding a short window.
class Numbers {
 public:
  explicit Numbers(const Napi::Value& value) : env_(value.Env()) {
    if (!value.IsTypedArray() ||
        value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
      throw Napi::TypeError::New(env_, "numbers must be a Float64Array");
    }
    const auto array = value.As<Napi::Float64Array>();
    left_ = {array.Data(), array.ElementLength()};
  }

  std::int64_t Next(const char* name, std::int64_t low, std::int64_t high) {
    if (left_.empty()) throw Napi::RangeError::New(env_, std::string(name) + " is missing");
    const double number = left_.front();
    left_ = left_.subspan(1);
    if (!(number >= static_cast<double>(low) && number <= static_cast<double>(high)) ||
        std::floor(number) != number) {
      throw Napi::RangeError::New(env_, std::string(name) + " is out of range");
    }
    return static_cast<std::int64_t>(number);
  }

 private:
  Napi::Env env_;
  std::span<const double> left_;
};

// A source's numbers: segment, fd, base, size.
void AddSource(Numbers& numbers, OwnedRun& owned) {
  const auto segment =
      numbers.Next("segment", 0, static_cast<std::int64_t>(owned.sources.size()) - 1);
  const auto fd = static_cast<int>(numbers.Next("fd", 0, INT32_MAX));
  const auto base = static_cast<std::uint64_t>(numbers.Next("base", 0, kMaxTime));
  const auto size = static_cast<std::uint64_t>(numbers.Next("size", 0, kMaxTime));
  owned.files.push_back(std::make_unique<FileSource>(fd, base, size));
  owned.sources[static_cast<std::size_t>(segment)] = owned.files.back().get();
}

std::uint8_t* TileMemory(const Napi::Value& tile, const TileRun& run) {
  const napi_typedarray_type type =
      run.kind == SampleKind::kFloat32 ? napi_float32_array : napi_int32_array;
  napi_typedarray_type actual = napi_uint8_array;
  std::size_t length = 0;
  void* memory = nullptr;
  // One call for all three; typed arrays do not move while they are pinned.
  const bool is_array =
      tile.IsTypedArray() && napi_get_typedarray_info(tile.Env(), tile, &actual, &length, &memory,
                                                      nullptr, nullptr) == napi_ok;
  if (!is_array || actual != type || static_cast<std::int64_t>(length) != run.slots_per_tile) {
    throw Napi::TypeError::New(tile.Env(), "tiles must be typed arrays of the run's kind and size");
  }
  return static_cast<std::uint8_t*>(memory);
}

// A run's numbers: kind, first slot, slots per tile, tiles, sources, then the
// sources' own. Its tiles are the next of `tiles`.
OwnedRun RunOf(const Napi::Value& handle, Numbers& numbers, const Napi::Array& tiles,
               std::uint32_t& next_tile) {
  OwnedRun owned;
  owned.index = ChannelIndexOf(handle);
  owned.sources.assign(owned.index->segments().size(), nullptr);
  owned.run.kind = static_cast<SampleKind>(numbers.Next("kind", 0, 1));
  owned.run.first_slot = numbers.Next("firstSlot", -kMaxGridSlots, kMaxGridSlots);
  owned.run.slots_per_tile = numbers.Next("slotsPerTile", 1, std::int64_t{1} << 28);
  const auto n_tiles = numbers.Next("tiles", 0, std::int64_t{tiles.Length()} - next_tile);
  const auto n_sources = numbers.Next("sources", 0, 1 << 20);
  for (std::int64_t i = 0; i < n_sources; ++i) AddSource(numbers, owned);
  owned.tiles.reserve(static_cast<std::size_t>(n_tiles));
  for (std::int64_t i = 0; i < n_tiles; ++i) {
    owned.tiles.push_back(TileMemory(tiles.Get(next_tile++), owned.run));
  }
  return owned;
}

// [{ rank, bytes }] of one run, or undefined.
void AddStatistics(const Napi::Value& value, OwnedRun& owned) {
  if (value.IsUndefined()) return;
  const Napi::Array list = Array(value, "statistics");
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Object entry = Object(list.Get(i), "statistics");
    PlainStatistics plain{
        static_cast<std::uint32_t>(IntegerWithin(entry.Get("rank"), "rank", 0, UINT32_MAX)), {}};
    const auto bytes = Bytes(entry.Get("bytes"), "bytes");
    if (bytes.size() != plain.bytes.size()) {
      throw Napi::RangeError::New(value.Env(), "bytes must be the 16 first of the statistics");
    }
    std::copy(bytes.begin(), bytes.end(), plain.bytes.begin());
    owned.statistics.push_back(plain);
  }
  std::sort(owned.statistics.begin(), owned.statistics.end(),
            [](const auto& a, const auto& b) { return a.rank < b.rank; });
}

// Pointers into the owned vectors, once those no longer move.
void Bind(OwnedRun& owned) {
  owned.run.index = owned.index.get();
  owned.run.sources = owned.sources;
  owned.run.tiles = owned.tiles;
  owned.run.plain_statistics = owned.statistics;
}

// new DecodePool(threads, prefetchThreads)
class PoolObject final : public Napi::ObjectWrap<PoolObject> {
 public:
  explicit PoolObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<PoolObject>(info),
        completion_(info.Env()),
        pool_(static_cast<std::size_t>(IntegerWithin(info[0], "threads", 1, 1024)),
              static_cast<std::size_t>(IntegerWithin(info[1], "prefetchThreads", 0, 1024))) {
    napi_add_env_cleanup_hook(info.Env(), StopThreads, this);
  }

  ~PoolObject() override {
    napi_remove_env_cleanup_hook(Env(), StopThreads, this);
    Stop();
  }

  static void Export(Napi::Env env, Napi::Object exports) {
    exports.Set("DecodePool", DefineClass(env, "DecodePool",
                                          {InstanceMethod<&PoolObject::Submit>("submit"),
                                           InstanceMethod<&PoolObject::Promote>("promote"),
                                           InstanceMethod<&PoolObject::Cancel>("cancel"),
                                           InstanceMethod<&PoolObject::Waiting>("waiting"),
                                           InstanceMethod<&PoolObject::Close>("close")}));
  }

 private:
  // An environment may end with tasks under way: their threads must be gone
  // before the memory they write to is.
  static void StopThreads(void* self) { static_cast<PoolObject*>(self)->Stop(); }

  void Stop() {
    if (stopped_) return;
    stopped_ = true;
    pool_.Shutdown();
    completion_.Close();
  }

  static Lane LaneOf(const Napi::Value& value) {
    return static_cast<Lane>(IntegerWithin(value, "lane", 0, kLanes - 1));
  }

  // submit(lane, indexes, numbers, tiles, statistics, done): number
  //
  // `tiles` and `indexes` are new arrays that nobody else changes: they pin what
  // the worker borrows.
  Napi::Value Submit(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (stopped_) throw Napi::Error::New(env, "the pool is closed");
    const Lane lane = LaneOf(info[0]);
    const Napi::Array indexes = Array(info[1], "indexes");
    Numbers numbers(info[2]);
    const Napi::Array tiles = Array(info[3], "tiles");
    const Napi::Array statistics = Array(info[4], "statistics");
    if (!info[5].IsFunction()) throw Napi::TypeError::New(env, "done must be a function");
    std::vector<OwnedRun> owned;
    owned.reserve(indexes.Length());
    std::uint32_t next_tile = 0;
    for (std::uint32_t i = 0; i < indexes.Length(); ++i) {
      const Napi::HandleScope scope(env);
      owned.push_back(RunOf(indexes.Get(i), numbers, tiles, next_tile));
      if (i < statistics.Length()) AddStatistics(statistics.Get(i), owned.back());
    }
    for (OwnedRun& run : owned) Bind(run);
    auto task = std::make_shared<DecodeTask>(std::move(owned), completion_);
    task->pins = Napi::Persistent(tiles.As<Napi::Object>());
    task->done = Napi::Persistent(info[5].As<Napi::Function>());
    task->self = task;
    completion_.Started(env);
    return Napi::Number::New(env, static_cast<double>(pool_.Submit(lane, task)));
  }

  void Promote(const Napi::CallbackInfo& info) {
    pool_.Promote(static_cast<DecodePool::TaskId>(IntegerWithin(info[0], "id", 1, kMaxTime)),
                  LaneOf(info[1]));
  }

  void Cancel(const Napi::CallbackInfo& info) {
    pool_.Cancel(static_cast<DecodePool::TaskId>(IntegerWithin(info[0], "id", 1, kMaxTime)));
  }

  // waiting(lane): number of tasks that have not started
  Napi::Value Waiting(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(pool_.Waiting(LaneOf(info[0]))));
  }

  void Close(const Napi::CallbackInfo&) { Stop(); }

  Completion completion_;
  DecodePool pool_;
  bool stopped_ = false;
};

}  // namespace

void ExportDecodePool(Napi::Env env, Napi::Object exports) { PoolObject::Export(env, exports); }

}  // namespace mef3::addon
