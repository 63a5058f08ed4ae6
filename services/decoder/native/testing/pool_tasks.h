#ifndef MEF3_TESTING_POOL_TASKS_H_
#define MEF3_TESTING_POOL_TASKS_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <semaphore>
#include <utility>

#include "addon/decode_pool.h"

// Tasks whose course a test decides. Declare them before the pool that runs them.
namespace mef3::test {

// Far beyond what any of this takes; only a failing test waits so long.
inline constexpr auto kPatience = std::chrono::seconds(20);

// An event that happens once.
class Event {
 public:
  void Happen() { happened_.set_value(); }
  bool Await() { return future_.wait_for(kPatience) == std::future_status::ready; }
  // For what must not happen: a pool that does it does it at once.
  bool HappensSoon() {
    return future_.wait_for(std::chrono::milliseconds(30)) == std::future_status::ready;
  }

 private:
  std::promise<void> happened_;
  std::shared_future<void> future_ = happened_.get_future().share();
};

// A task made of functions, which counts what is called.
class TestTask final : public addon::PoolTask {
 public:
  explicit TestTask(std::function<void(Checkpoint&)> run = {}) : run_(std::move(run)) {}

  void Run(RunDecoder&, Checkpoint& checkpoint) override {
    ++n_runs;
    if (run_) run_(checkpoint);
  }
  void Skip() override { ++n_skips; }
  void Finished() override {
    if (on_finished) on_finished();
    ++n_finished;
    finished.release();
  }
  bool AwaitFinished() { return finished.try_acquire_for(kPatience); }

  std::function<void()> on_finished;
  std::atomic<int> n_runs = 0;
  std::atomic<int> n_skips = 0;
  std::atomic<int> n_finished = 0;
  std::counting_semaphore<> finished{0};

 private:
  std::function<void(Checkpoint&)> run_;
};

using TaskPointer = std::shared_ptr<TestTask>;

inline TaskPointer MakeTask(std::function<void(Checkpoint&)> run = {}) {
  return std::make_shared<TestTask>(std::move(run));
}

// A task that holds its thread until it is let go.
struct Blocker {
  Event started;
  Event let_go;
  TaskPointer task = MakeTask([this](Checkpoint&) {
    started.Happen();
    EXPECT_TRUE(let_go.Await());
  });
};

// A prefetch task that reaches a checkpoint when told to.
struct Prefetch {
  Event started;
  Event go_on;
  Event passed;
  std::atomic<bool> may_continue = false;
  TaskPointer task = MakeTask([this](Checkpoint& checkpoint) {
    started.Happen();
    EXPECT_TRUE(go_on.Await());
    may_continue = checkpoint.MayContinue();
    passed.Happen();
  });
};

}  // namespace mef3::test

#endif  // MEF3_TESTING_POOL_TASKS_H_
