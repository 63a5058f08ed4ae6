#ifndef MEF3_ADDON_DECODE_POOL_H_
#define MEF3_ADDON_DECODE_POOL_H_

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mef3/run_decoder.h"

namespace mef3::addon {

// Whose work goes first; the numbering is that of LANES in the contracts package.
enum class Lane : std::uint8_t { kInteractive = 0, kBatch = 1, kPrefetch = 2 };
inline constexpr std::size_t kLanes = 3;

// Work for a thread of the pool.
class PoolTask {
 public:
  virtual ~PoolTask() = default;
  // On a pool thread. Must look at `checkpoint` every few milliseconds.
  virtual void Run(RunDecoder& decoder, Checkpoint& checkpoint) = 0;
  // Instead of Run, when the task was cancelled before it started.
  virtual void Skip() = 0;
  // After Run or Skip, outside the pool's lock, on any thread. Exactly once.
  virtual void Finished() = 0;
};

// Threads that run decode tasks, most urgent lane first, in order within a lane.
//
// Prefetch tasks have threads of their own and step aside: between batches they
// wait while foreground tasks and they together are more than `n_threads`. So
// prefetch neither blocks a read for longer than one batch nor, when a reader
// joins a prefetch task, is it held back (see Promote).
class DecodePool {
 public:
  using TaskId = std::uint64_t;

  // n_threads >= 1 for interactive and batch tasks, n_prefetch_threads >= 0.
  DecodePool(std::size_t n_threads, std::size_t n_prefetch_threads);
  ~DecodePool();

  TaskId Submit(Lane lane, std::shared_ptr<PoolTask> task);

  // Moves a task to a more urgent lane; a running one no longer steps aside.
  // Nothing happens if it is done or already as urgent.
  void Promote(TaskId id, Lane lane);

  // A waiting task is skipped at once, a running one at its next checkpoint.
  void Cancel(TaskId id);

  // Skips what waits, stops what runs, and joins the threads. Idempotent.
  void Shutdown();

  std::size_t Waiting(Lane lane) const;

 private:
  struct Ticket;
  class Gate;
  void Work(bool prefetch);
  std::shared_ptr<Ticket> Take(bool prefetch);

  const std::size_t n_threads_;
  ResumePoints resume_points_;
  mutable std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::condition_variable may_continue_;
  std::array<std::deque<std::shared_ptr<Ticket>>, kLanes> queues_;
  std::map<TaskId, std::shared_ptr<Ticket>> tickets_;
  TaskId next_id_ = 1;
  std::size_t running_urgent_ = 0;    // interactive and batch tasks, promoted ones included
  std::size_t running_prefetch_ = 0;  // not stepping aside at the moment
  bool shut_down_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mef3::addon

#endif  // MEF3_ADDON_DECODE_POOL_H_
