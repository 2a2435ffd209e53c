#include "server/config/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

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

}  // namespace
}  // namespace portolan::config
