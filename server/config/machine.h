#pragma once

// What of the machine this process may use: a container's limits, of cgroup v1 or v2, come first.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portolan::config {

// How many cores: as many as the CPU affinity allows, but no more than the quota of the control group (a
// container's CPU limit), rounded up. At least 1.
int UsableCores();

// How many bytes of memory: the tightest limit of the control groups, but no more than the machine has.
uint64_t UsableMemory();

// The limits of the control groups of this process, from its own up to the top: the tightest quota in cores,
// the tightest memory limit in bytes. nullopt: none. `root` stands before /proc and /sys: tests have a tree
// of their own.
std::optional<double> QuotaOfGroups(const std::string& root = "");
std::optional<uint64_t> MemoryOfGroups(const std::string& root = "");

// The cores that a quota allows. `text` is cgroup v2's `cpu.max` (`150000 100000` is 1.5), or v1's
// cpu.cfs_quota_us and cpu.cfs_period_us together. nullopt if there is no limit (`max`, `-1`).
// https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
std::optional<double> CoresOfQuota(std::string_view text);

// The bytes that a memory limit allows. `text` is cgroup v2's `memory.max`, or v1's memory.limit_in_bytes.
// nullopt if there is no limit (`max`; v1 says it with a number near 2^63).
// https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
std::optional<uint64_t> BytesOfLimit(std::string_view text);

// The folder of this process below the mount of a hierarchy, from the text of /proc/self/cgroup:
// `/kubepods/pod1` for `0::/kubepods/pod1`. `controller` is that of a hierarchy of version 1 (`memory`), or
// empty for version 2. Empty if it has none, or is at the top.
std::string_view CgroupPath(std::string_view proc_self_cgroup, std::string_view controller);

}  // namespace portolan::config
