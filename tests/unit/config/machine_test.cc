#include "server/config/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temp_folder.h"

namespace portolan::config {
namespace {

TEST(Cores, OfAQuotaAreQuotaByPeriod) {
  EXPECT_EQ(CoresOfQuota("150000 100000\n"), 1.5);
  EXPECT_EQ(CoresOfQuota("400000 100000"), 4.0);
  EXPECT_EQ(CoresOfQuota("50000\n 100000\n"), 0.5);  // the two files of version 1
  for (const char* unlimited :
       {"max 100000\n", "-1\n 100000\n", "", " ", "100000", "100000 0", "0 100000", "x y"}) {
    EXPECT_EQ(CoresOfQuota(unlimited), std::nullopt) << unlimited;
  }
}

TEST(Cores, AreLimitedByTheGroupOfVersion2) {
  EXPECT_EQ(CgroupPath("0::/kubepods/pod1\n", ""), "/kubepods/pod1");
  EXPECT_EQ(CgroupPath("12:cpu:/a\n0::/b\n", ""), "/b");
  EXPECT_EQ(CgroupPath("0::/\n", ""), "");
  EXPECT_EQ(CgroupPath("12:cpu,cpuacct:/a\n", ""), "");
  EXPECT_EQ(CgroupPath("", ""), "");
}

TEST(Cores, AreLimitedByTheGroupOfVersion1) {
  const std::string_view groups = "9:name=systemd:/s\n4:memory:/kube/m\n1:cpu,cpuacct:/kube/c\n0::/u\n";
  EXPECT_EQ(CgroupPath(groups, "cpu"), "/kube/c");
  EXPECT_EQ(CgroupPath(groups, "cpuacct"), "/kube/c");
  EXPECT_EQ(CgroupPath(groups, "memory"), "/kube/m");
  EXPECT_EQ(CgroupPath(groups, "mem"), "");
  EXPECT_EQ(CgroupPath("broken\n:\n4:memory\n", "memory"), "");
}

TEST(Cores, AreAtLeastOneAndAtMostTheMachines) {
  EXPECT_GE(UsableCores(), 1);
  EXPECT_LE(UsableCores(), static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u)));
}

// What the kernel's documentation says the files hold.
TEST(Memory, OfALimit) {
  EXPECT_EQ(BytesOfLimit("268435456\n"), uint64_t{256} << 20);
  EXPECT_EQ(BytesOfLimit("max\n"), std::nullopt);
  EXPECT_EQ(BytesOfLimit("9223372036854771712\n"), std::nullopt);  // version 1 without a limit
  EXPECT_EQ(BytesOfLimit(""), std::nullopt);
  EXPECT_EQ(BytesOfLimit("0\n"), std::nullopt);
  EXPECT_EQ(BytesOfLimit("-1\n"), std::nullopt);
}

TEST(Memory, IsAtMostTheMachines) {
  const uint64_t machine =
      static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  EXPECT_GT(UsableMemory(), 0u);
  EXPECT_LE(UsableMemory(), machine);
}

// A /proc and a /sys of its own.
class Tree {
 public:
  void Write(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = root() + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  std::string root() const { return folder_.path(); }

 private:
  const test::TempFolder folder_;
};

constexpr uint64_t kMiB = 1 << 20;

// A container's view with a namespace of its own, as Kubernetes gives it: its limits are at the top.
TEST(Groups, OfVersion2InAContainer) {
  const Tree tree;
  tree.Write("/proc/self/cgroup", "0::/\n");
  EXPECT_EQ(QuotaOfGroups(tree.root()), std::nullopt);
  EXPECT_EQ(MemoryOfGroups(tree.root()), std::nullopt);
  tree.Write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  tree.Write("/sys/fs/cgroup/memory.max", "268435456\n");
  EXPECT_EQ(QuotaOfGroups(tree.root()), 1.5);
  EXPECT_EQ(MemoryOfGroups(tree.root()), 256 * kMiB);
  tree.Write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  tree.Write("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(QuotaOfGroups(tree.root()), std::nullopt);
  EXPECT_EQ(MemoryOfGroups(tree.root()), std::nullopt);
}

// A service of systemd: the tightest limit counts, whichever of its groups has it.
TEST(Groups, OfVersion2Nested) {
  const Tree tree;
  tree.Write("/proc/self/cgroup", "0::/system.slice/portolan.service\n");
  tree.Write("/sys/fs/cgroup/system.slice/cpu.max", "max 100000\n");
  tree.Write("/sys/fs/cgroup/system.slice/memory.max", "536870912\n");
  tree.Write("/sys/fs/cgroup/system.slice/portolan.service/cpu.max", "300000 100000\n");
  tree.Write("/sys/fs/cgroup/system.slice/portolan.service/memory.max", "1073741824\n");
  tree.Write("/sys/fs/cgroup/system.slice/other.service/cpu.max", "10000 100000\n");
  tree.Write("/sys/fs/cgroup/system.slice/other.service/memory.max", "1048576\n");
  EXPECT_EQ(QuotaOfGroups(tree.root()), 3.0);
  EXPECT_EQ(MemoryOfGroups(tree.root()), 512 * kMiB);
  tree.Write("/sys/fs/cgroup/system.slice/cpu.max", "200000 100000\n");
  tree.Write("/sys/fs/cgroup/system.slice/portolan.service/memory.max", "268435456\n");
  EXPECT_EQ(QuotaOfGroups(tree.root()), 2.0);
  EXPECT_EQ(MemoryOfGroups(tree.root()), 256 * kMiB);
}

// Each controller has a hierarchy, and a path in it, of its own.
TEST(Groups, OfVersion1) {
  const Tree tree;
  tree.Write("/proc/self/cgroup",
             "9:memory:/docker/m\n4:cpu,cpuacct:/docker/c\n1:name=systemd:/docker/s\n0::/\n");
  tree.Write("/sys/fs/cgroup/cpu/docker/c/cpu.cfs_quota_us", "50000\n");
  tree.Write("/sys/fs/cgroup/cpu/docker/c/cpu.cfs_period_us", "100000\n");
  tree.Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  tree.Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  tree.Write("/sys/fs/cgroup/memory/docker/m/memory.limit_in_bytes", "134217728\n");
  tree.Write("/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "268435456\n");
  tree.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(QuotaOfGroups(tree.root()), 0.5);
  EXPECT_EQ(MemoryOfGroups(tree.root()), 128 * kMiB);
}

// The paths are the host's, and the container sees no more than its own group, at the top.
TEST(Groups, OfVersion1WhosePathIsNotSeen) {
  const Tree tree;
  tree.Write("/proc/self/cgroup", "9:memory:/kubepods/pod1/c\n4:cpu,cpuacct:/kubepods/pod1/c\n");
  tree.Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
  tree.Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  tree.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n");
  EXPECT_EQ(QuotaOfGroups(tree.root()), 4.0);
  EXPECT_EQ(MemoryOfGroups(tree.root()), 64 * kMiB);
}

TEST(Groups, OfNoSystemAtAll) {
  const Tree tree;
  EXPECT_EQ(QuotaOfGroups(tree.root()), std::nullopt);
  EXPECT_EQ(MemoryOfGroups(tree.root()), std::nullopt);
}

}  // namespace
}  // namespace portolan::config
