// How prefetch makes room for urgent work.

#include <gtest/gtest.h>

#include <vector>

#include "addon/decode_pool.h"
#include "testing/pool_tasks.h"

namespace mef3::addon {
namespace {

using test::Blocker;
using test::Event;
using test::MakeTask;
using test::Prefetch;
using test::TaskPointer;

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

}  // namespace
}  // namespace mef3::addon
