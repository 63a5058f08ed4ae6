#include "addon/decode_pool.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "testing/pool_tasks.h"
#include "testing/signals.h"

namespace mef3::addon {
namespace {

using test::Blocker;
using test::Event;
using test::MakeTask;
using test::Prefetch;
using test::TaskPointer;

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
