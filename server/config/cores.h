#pragma once

#include <optional>
#include <string_view>

namespace portolan::config {

// How many cores this process may use: what its CPU affinity allows, at most what its control group's quota
// (a container's CPU limit) allows, rounded up; at least 1.
int UsableCores();

// The cores that a quota allows: cgroup v2's `cpu.max` (`150000 100000` is 1.5), or v1's cpu.cfs_quota_us and
// cpu.cfs_period_us in one text. Nothing if there is no limit (`max`, `-1`).
// https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
std::optional<double> CoresOfQuota(std::string_view text);

// The process's folder below the mount of cgroup v2, from /proc/self/cgroup (`0::/kubepods/pod1`):
// `/kubepods/pod1`. Empty if it has none.
std::string_view CgroupPath(std::string_view proc_self_cgroup);

}  // namespace portolan::config
