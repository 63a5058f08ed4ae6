#include "mef3/resume_points.h"

namespace mef3 {

std::optional<ResumePoint> ResumePoints::Find(const Block& block, std::uint32_t first_wanted) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(block);
  if (found == entries_.end() || found->second->point.next_sample > first_wanted) {
    return std::nullopt;
  }
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return found->second->point;
}

void ResumePoints::Put(const Block& block, const ResumePoint& point) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(block);
  if (found != entries_.end()) {
    found->second->point = point;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return;
  }
  by_use_.push_front({block, point});
  entries_.emplace(block, by_use_.begin());
  if (entries_.size() > capacity_) {
    entries_.erase(by_use_.back().block);
    by_use_.pop_back();
  }
}

}  // namespace mef3
