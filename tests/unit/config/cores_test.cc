#include "server/config/cores.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(CgroupPath("0::/kubepods/pod1\n"), "/kubepods/pod1");
  EXPECT_EQ(CgroupPath("12:cpu:/a\n0::/b\n"), "/b");
  EXPECT_EQ(CgroupPath("0::/\n"), "");
  EXPECT_EQ(CgroupPath("12:cpu,cpuacct:/a\n"), "");
  EXPECT_EQ(CgroupPath(""), "");
}

TEST(Cores, AreAtLeastOneAndAtMostTheMachines) {
  EXPECT_GE(UsableCores(), 1);
  EXPECT_LE(UsableCores(), static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u)));
}

}  // namespace
}  // namespace portolan::config
