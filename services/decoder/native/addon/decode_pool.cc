#include "addon/decode_pool.h"

#include <algorithm>
#include <utility>

namespace mef3::addon {

namespace {

// Chosen: one for every channel of several large recordings; about 100 bytes each.
constexpr std::size_t kResumePoints = 1 << 16;

}  // namespace

struct DecodePool::Ticket {
  TaskId id;
  Lane lane;
  std::shared_ptr<PoolTask> task;
  bool cancelled = false;
  bool running = false;
  bool stepped_aside = false;  // a running prefetch task that waits at its checkpoint
};

// What a running task asks before it goes on.
class DecodePool::Gate final : public Checkpoint {
 public:
  Gate(DecodePool& pool, Ticket& ticket) : pool_(pool), ticket_(ticket) {}

  bool MayContinue() override {
    std::unique_lock lock(pool_.mutex_);
    if (ticket_.lane == Lane::kPrefetch) {
      --pool_.running_prefetch_;
      ticket_.stepped_aside = true;
      pool_.may_continue_.wait(lock, [this] { return MustStop() || !MustStepAside(); });
      ticket_.stepped_aside = false;
      // If it changed lanes meanwhile, Promote has counted it among the urgent ones.
      if (ticket_.lane == Lane::kPrefetch) ++pool_.running_prefetch_;
    }
    return !MustStop();
  }

 private:
  bool MustStop() const { return ticket_.cancelled || pool_.shut_down_; }
  bool MustStepAside() const {
    if (ticket_.lane != Lane::kPrefetch) return false;
    const bool urgent_waits = !pool_.queues_[0].empty() || !pool_.queues_[1].empty();
    const std::size_t running = pool_.running_urgent_ + pool_.running_prefetch_;
    return urgent_waits || (pool_.running_urgent_ > 0 && running >= pool_.n_threads_);
  }

  DecodePool& pool_;
  Ticket& ticket_;
};

DecodePool::DecodePool(std::size_t n_threads, std::size_t n_prefetch_threads)
    : n_threads_(n_threads), resume_points_(kResumePoints) {
  for (std::size_t i = 0; i < n_threads; ++i) threads_.emplace_back([this] { Work(false); });
  for (std::size_t i = 0; i < n_prefetch_threads; ++i) {
    threads_.emplace_back([this] { Work(true); });
  }
}

DecodePool::~DecodePool() { Shutdown(); }

DecodePool::TaskId DecodePool::Submit(Lane lane, std::shared_ptr<PoolTask> task) {
  std::unique_lock lock(mutex_);
  auto ticket = std::make_shared<Ticket>(Ticket{next_id_++, lane, std::move(task)});
  const TaskId id = ticket->id;
  if (shut_down_) {
    lock.unlock();
    ticket->task->Skip();
    ticket->task->Finished();
    return id;
  }
  tickets_.emplace(id, ticket);
  queues_[static_cast<std::size_t>(lane)].push_back(std::move(ticket));
  work_arrived_.notify_all();
  return id;
}

void DecodePool::Promote(TaskId id, Lane lane) {
  const std::lock_guard lock(mutex_);
  const auto found = tickets_.find(id);
  if (found == tickets_.end() || found->second->lane <= lane) return;
  const std::shared_ptr<Ticket> ticket = found->second;
  if (ticket->running) {
    if (ticket->lane == Lane::kPrefetch) {
      ++running_urgent_;
      if (!ticket->stepped_aside) --running_prefetch_;
    }
    ticket->lane = lane;
    may_continue_.notify_all();
    return;
  }
  std::erase(queues_[static_cast<std::size_t>(ticket->lane)], ticket);
  ticket->lane = lane;
  queues_[static_cast<std::size_t>(lane)].push_back(ticket);
  work_arrived_.notify_all();
}

void DecodePool::Cancel(TaskId id) {
  std::unique_lock lock(mutex_);
  const auto found = tickets_.find(id);
  if (found == tickets_.end()) return;
  const std::shared_ptr<Ticket> ticket = found->second;
  ticket->cancelled = true;
  if (ticket->running) {
    may_continue_.notify_all();
    return;
  }
  std::erase(queues_[static_cast<std::size_t>(ticket->lane)], ticket);
  tickets_.erase(found);
  may_continue_.notify_all();
  lock.unlock();
  ticket->task->Skip();
  ticket->task->Finished();
}

void DecodePool::Shutdown() {
  std::vector<std::shared_ptr<Ticket>> skipped;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    for (auto& queue : queues_) {
      for (auto& ticket : queue) {
        tickets_.erase(ticket->id);
        skipped.push_back(std::move(ticket));
      }
      queue.clear();
    }
    threads.swap(threads_);
  }
  work_arrived_.notify_all();
  may_continue_.notify_all();
  for (std::thread& thread : threads) thread.join();
  for (const auto& ticket : skipped) {
    ticket->task->Skip();
    ticket->task->Finished();
  }
}

std::size_t DecodePool::Waiting(Lane lane) const {
  const std::lock_guard lock(mutex_);
  return queues_[static_cast<std::size_t>(lane)].size();
}

// Waits for a task of the thread's kind; null when the pool shuts down.
std::shared_ptr<DecodePool::Ticket> DecodePool::Take(bool prefetch) {
  std::unique_lock lock(mutex_);
  std::deque<std::shared_ptr<Ticket>>* queue = nullptr;
  work_arrived_.wait(lock, [&] {
    const std::size_t first = prefetch ? 2 : 0;
    const std::size_t last = prefetch ? 2 : 1;
    queue = nullptr;
    for (std::size_t lane = first; lane <= last && queue == nullptr; ++lane) {
      if (!queues_[lane].empty()) queue = &queues_[lane];
    }
    return shut_down_ || queue != nullptr;
  });
  if (shut_down_) return nullptr;
  std::shared_ptr<Ticket> ticket = std::move(queue->front());
  queue->pop_front();
  ticket->running = true;
  ++(prefetch ? running_prefetch_ : running_urgent_);
  // Prefetch may have stepped aside for this task's sake while it waited.
  may_continue_.notify_all();
  return ticket;
}

void DecodePool::Work(bool prefetch) {
  RunDecoder decoder(resume_points_);
  while (const std::shared_ptr<Ticket> ticket = Take(prefetch)) {
    Gate gate(*this, *ticket);
    ticket->task->Run(decoder, gate);
    {
      const std::lock_guard lock(mutex_);
      // The task may have changed lanes while it ran.
      --(ticket->lane == Lane::kPrefetch ? running_prefetch_ : running_urgent_);
      tickets_.erase(ticket->id);
      may_continue_.notify_all();
    }
    ticket->task->Finished();
  }
}

}  // namespace mef3::addon
