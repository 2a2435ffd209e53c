#pragma once

#include <optional>
#include <string_view>

namespace portolan::config {

// How many cores this process may use: as many as its CPU affinity allows, but no more than the quota of its
// control group (a container's CPU limit), rounded up. At least 1.
int UsableCores();

// The cores that a quota allows. `text` is cgroup v2's `cpu.max` (`150000 100000` is 1.5), or v1's
// cpu.cfs_quota_us and cpu.cfs_period_us together. nullopt if there is no limit (`max`, `-1`).
// https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
std::optional<double> CoresOfQuota(std::string_view text);

// The folder of this process below the mount of cgroup v2, from the text of /proc/self/cgroup:
// `/kubepods/pod1` for `0::/kubepods/pod1`. Empty if it has none.
std::string_view CgroupPath(std::string_view proc_self_cgroup);

}  // namespace portolan::config
