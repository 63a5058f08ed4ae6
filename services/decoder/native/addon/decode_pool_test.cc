#include "addon/decode_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <random>
#include <semaphore>
#include <string>

#include "testing/signals.h"

namespace mef3::addon {
namespace {

// Far beyond what any of this takes; only a failing test waits so long.
constexpr auto kPatience = std::chrono::seconds(20);

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
class TestTask final : public PoolTask {
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

TaskPointer MakeTask(std::function<void(Checkpoint&)> run = {}) {
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

TEST(DecodePool, RunsUrgentLanesFirstAndEachInOrder) {
  Blocker blocker;
  std::string order;
  std::vector<TaskPointer> tasks;
  DecodePool pool(1, 0);
  pool.Submit(Lane::kInteractive, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  for (const auto& [lane, name] : {std::pair{Lane::kBatch, 'x'},
                                   {Lane::kBatch, 'y'},
                                   {Lane::kInteractive, 'a'},
                                   {Lane::kInteractive, 'b'}}) {
    tasks.push_back(MakeTask([&order, name](Checkpoint&) { order += name; }));
    pool.Submit(lane, tasks.back());
  }
  EXPECT_EQ(pool.Waiting(Lane::kInteractive), 2U);
  EXPECT_EQ(pool.Waiting(Lane::kBatch), 2U);
  blocker.let_go.Happen();
  for (const TaskPointer& task : tasks) ASSERT_TRUE(task->AwaitFinished());
  EXPECT_EQ(order, "abxy");
}

TEST(DecodePool, RunsPrefetchOnThreadsOfItsOwn) {
  Blocker blocker;
  DecodePool pool(1, 1);
  pool.Submit(Lane::kPrefetch, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  const TaskPointer urgent = MakeTask();
  pool.Submit(Lane::kInteractive, urgent);
  EXPECT_TRUE(urgent->AwaitFinished());
  blocker.let_go.Happen();
}

TEST(DecodePool, LetsPrefetchRunWhileNothingElseDoes) {
  std::vector<TaskPointer> tasks;
  DecodePool pool(1, 2);
  for (int i = 0; i < 6; ++i) {
    tasks.push_back(MakeTask([](Checkpoint& checkpoint) {
      for (int k = 0; k < 5; ++k) EXPECT_TRUE(checkpoint.MayContinue());
    }));
    pool.Submit(Lane::kPrefetch, tasks.back());
  }
  for (const TaskPointer& task : tasks) EXPECT_TRUE(task->AwaitFinished());
}

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

TEST(DecodePool, MakesPrefetchStepAsideUntilUrgentWorkIsDone) {
  Prefetch prefetch;
  Blocker blocker;
  DecodePool pool(1, 1);
  pool.Submit(Lane::kPrefetch, prefetch.task);
  ASSERT_TRUE(prefetch.started.Await());
  pool.Submit(Lane::kBatch, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  prefetch.go_on.Happen();
  EXPECT_FALSE(prefetch.passed.HappensSoon());
  blocker.let_go.Happen();
  EXPECT_TRUE(prefetch.passed.Await());
  EXPECT_TRUE(prefetch.may_continue);
}

TEST(DecodePool, LetsPrefetchUseTheThreadsThatUrgentWorkLeaves) {
  Blocker blocker;
  Prefetch prefetch;
  DecodePool pool(2, 1);
  pool.Submit(Lane::kInteractive, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  pool.Submit(Lane::kPrefetch, prefetch.task);
  prefetch.go_on.Happen();
  EXPECT_TRUE(prefetch.passed.Await());
  blocker.let_go.Happen();
}

// Seen: prefetch slept until an urgent task ended, although a thread had become
// free, because the last waiting task was taken after the last wake-up.
TEST(DecodePool, WakesPrefetchWhenTheLastWaitingTaskIsTaken) {
  Blocker a;
  Blocker b;
  Event a_ran;
  Event release_a;
  Event b_ran;
  Event release_b;
  Prefetch prefetch;
  // Each thread is held between its task and the next one it takes.
  a.task->on_finished = [&] {
    a_ran.Happen();
    EXPECT_TRUE(release_a.Await());
  };
  b.task->on_finished = [&] {
    b_ran.Happen();
    EXPECT_TRUE(release_b.Await());
  };
  DecodePool pool(2, 1);
  pool.Submit(Lane::kInteractive, a.task);
  pool.Submit(Lane::kInteractive, b.task);
  ASSERT_TRUE(a.started.Await());
  ASSERT_TRUE(b.started.Await());
  pool.Submit(Lane::kPrefetch, prefetch.task);
  ASSERT_TRUE(prefetch.started.Await());
  const TaskPointer c = MakeTask([&](Checkpoint&) { EXPECT_TRUE(prefetch.passed.Await()); });
  pool.Submit(Lane::kInteractive, c);
  prefetch.go_on.Happen();
  a.let_go.Happen();
  b.let_go.Happen();
  ASSERT_TRUE(a_ran.Await());
  ASSERT_TRUE(b_ran.Await());
  release_a.Happen();
  EXPECT_TRUE(c->AwaitFinished());
  release_b.Happen();
}

TEST(DecodePool, PromotesAWaitingTask) {
  Blocker blocker;
  std::string order;
  DecodePool pool(1, 0);
  pool.Submit(Lane::kInteractive, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  const TaskPointer batch = MakeTask([&](Checkpoint&) { order += 'b'; });
  const TaskPointer prefetch = MakeTask([&](Checkpoint&) { order += 'p'; });
  pool.Submit(Lane::kBatch, batch);
  const auto id = pool.Submit(Lane::kPrefetch, prefetch);
  pool.Promote(id, Lane::kInteractive);
  EXPECT_EQ(pool.Waiting(Lane::kPrefetch), 0U);
  EXPECT_EQ(pool.Waiting(Lane::kInteractive), 1U);
  // Back is no promotion.
  pool.Promote(id, Lane::kPrefetch);
  EXPECT_EQ(pool.Waiting(Lane::kInteractive), 1U);
  blocker.let_go.Happen();
  EXPECT_TRUE(prefetch->AwaitFinished());
  EXPECT_TRUE(batch->AwaitFinished());
  EXPECT_EQ(order, "pb");
}

TEST(DecodePool, PromotesATaskThatSteppedAside) {
  Blocker blocker;
  Prefetch prefetch;
  DecodePool pool(1, 1);
  pool.Submit(Lane::kInteractive, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  const auto id = pool.Submit(Lane::kPrefetch, prefetch.task);
  ASSERT_TRUE(prefetch.started.Await());
  prefetch.go_on.Happen();
  pool.Promote(id, Lane::kInteractive);
  EXPECT_TRUE(prefetch.passed.Await());
  EXPECT_TRUE(prefetch.may_continue);
  blocker.let_go.Happen();
  EXPECT_TRUE(prefetch.task->AwaitFinished());
}

TEST(DecodePool, CountsPromotedTasksAsUrgent) {
  // One thread's worth of urgent work runs on the prefetch thread: prefetch that
  // comes later steps aside for it, and goes on once it is done.
  Blocker promoted;
  Prefetch prefetch;
  DecodePool pool(1, 2);
  const auto id = pool.Submit(Lane::kPrefetch, promoted.task);
  ASSERT_TRUE(promoted.started.Await());
  pool.Promote(id, Lane::kBatch);
  pool.Promote(id, Lane::kInteractive);
  pool.Submit(Lane::kPrefetch, prefetch.task);
  ASSERT_TRUE(prefetch.started.Await());
  prefetch.go_on.Happen();
  EXPECT_FALSE(prefetch.passed.HappensSoon());
  promoted.let_go.Happen();
  EXPECT_TRUE(prefetch.passed.Await());
}

TEST(DecodePool, SkipsAWaitingTaskThatIsCancelled) {
  Blocker blocker;
  DecodePool pool(1, 0);
  pool.Submit(Lane::kInteractive, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  const TaskPointer task = MakeTask();
  const auto id = pool.Submit(Lane::kInteractive, task);
  pool.Cancel(id);
  EXPECT_EQ(task->n_skips, 1);
  EXPECT_EQ(task->n_finished, 1);
  EXPECT_EQ(pool.Waiting(Lane::kInteractive), 0U);
  pool.Cancel(id);
  pool.Promote(id, Lane::kInteractive);
  blocker.let_go.Happen();
  pool.Shutdown();
  EXPECT_EQ(task->n_runs, 0);
  EXPECT_EQ(task->n_finished, 1);
}

TEST(DecodePool, StopsARunningTaskAtItsNextCheckpoint) {
  Event started;
  Event cancelled;
  bool before = false;
  bool after = true;
  const TaskPointer task = MakeTask([&](Checkpoint& checkpoint) {
    before = checkpoint.MayContinue();
    started.Happen();
    EXPECT_TRUE(cancelled.Await());
    after = checkpoint.MayContinue();
  });
  DecodePool pool(1, 0);
  const auto id = pool.Submit(Lane::kBatch, task);
  ASSERT_TRUE(started.Await());
  pool.Cancel(id);
  cancelled.Happen();
  ASSERT_TRUE(task->AwaitFinished());
  EXPECT_TRUE(before);
  EXPECT_FALSE(after);
  EXPECT_EQ(task->n_skips, 0);
}

TEST(DecodePool, CancelsATaskThatSteppedAside) {
  Blocker blocker;
  Prefetch prefetch;
  DecodePool pool(1, 1);
  pool.Submit(Lane::kInteractive, blocker.task);
  ASSERT_TRUE(blocker.started.Await());
  const auto id = pool.Submit(Lane::kPrefetch, prefetch.task);
  ASSERT_TRUE(prefetch.started.Await());
  prefetch.go_on.Happen();
  pool.Cancel(id);
  EXPECT_TRUE(prefetch.passed.Await());
  EXPECT_FALSE(prefetch.may_continue);
  blocker.let_go.Happen();
}

TEST(DecodePool, ShutsDownInMidJob) {
  Event started;
  Prefetch prefetch;
  const TaskPointer running = MakeTask([&](Checkpoint& checkpoint) {
    started.Happen();
    while (checkpoint.MayContinue()) std::this_thread::yield();
  });
  const TaskPointer waiting = MakeTask();
  const TaskPointer waiting_prefetch = MakeTask();
  DecodePool pool(1, 1);
  pool.Submit(Lane::kInteractive, running);
  ASSERT_TRUE(started.Await());
  pool.Submit(Lane::kPrefetch, prefetch.task);
  ASSERT_TRUE(prefetch.started.Await());
  prefetch.go_on.Happen();
  pool.Submit(Lane::kBatch, waiting);
  pool.Submit(Lane::kPrefetch, waiting_prefetch);
  pool.Shutdown();
  EXPECT_EQ(running->n_finished, 1);
  EXPECT_EQ(prefetch.task->n_finished, 1);
  EXPECT_FALSE(prefetch.may_continue);
  for (const TaskPointer& task : {waiting, waiting_prefetch}) {
    EXPECT_EQ(task->n_runs, 0);
    EXPECT_EQ(task->n_skips, 1);
    EXPECT_EQ(task->n_finished, 1);
  }
  pool.Shutdown();
  const TaskPointer late = MakeTask();
  pool.Submit(Lane::kInteractive, late);
  EXPECT_EQ(late->n_skips, 1);
  EXPECT_EQ(late->n_finished, 1);
}

TEST(DecodePool, FinishesEveryTaskOnceWhateverHappensToIt) {
  constexpr int kSubmitters = 3;
  constexpr int kTasksEach = 400 * test::kEffort;
  std::vector<std::vector<TaskPointer>> tasks(kSubmitters);
  std::vector<std::thread> submitters;
  DecodePool pool(2, 2);
  for (std::size_t t = 0; t < kSubmitters; ++t) {
    submitters.emplace_back([&, t] {
      std::mt19937_64 random(100 + t);
      for (int i = 0; i < kTasksEach; ++i) {
        tasks[t].push_back(MakeTask([](Checkpoint& checkpoint) {
          for (int k = 0; k < 3 && checkpoint.MayContinue(); ++k) std::this_thread::yield();
        }));
        const auto id = pool.Submit(static_cast<Lane>(random() % 3), tasks[t].back());
        const auto other = 1 + random() % id;
        if (random() % 4 == 0) pool.Promote(other, static_cast<Lane>(random() % 2));
        if (random() % 8 == 0) pool.Cancel(other);
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  for (const auto& of_thread : tasks) {
    for (const TaskPointer& task : of_thread) ASSERT_TRUE(task->AwaitFinished());
  }
  pool.Shutdown();
  for (const auto& of_thread : tasks) {
    for (const TaskPointer& task : of_thread) {
      ASSERT_EQ(task->n_finished, 1);
      ASSERT_EQ(task->n_runs + task->n_skips, 1);
    }
  }
}

}  // namespace
}  // namespace mef3::addon
