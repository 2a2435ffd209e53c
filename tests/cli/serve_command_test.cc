// `portolan serve`, as a system with few descriptors starts it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command_run.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What a gateway says until it is told to end, with these limits of the shell.
std::string LogWith(const std::string& limits) {
  const std::string serve =
      limits +
      R"( && exec 3< <(exec "$1" serve --http 127.0.0.1:0 --grpc 127.0.0.1:0 --admin 127.0.0.1:0 --grace 1s) && )"
      R"(head -n 1 <&3 >/dev/null && kill -TERM $! && wait $!)";
  const CommandRun run = RunProgram("/bin/bash", {"-c", serve, "bash", PortolanBinary()});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("\"msg\":\"serving\""));
  return run.err;
}

TEST(Descriptors, FewAreToldOf) {
  EXPECT_THAT(LogWith("ulimit -n 600"), HasSubstr("\"descriptors\":600,\"advised\":4096"));
}

TEST(Descriptors, AsManyAreTakenAsTheSystemAllows) {
  EXPECT_THAT(LogWith("ulimit -Sn 600 && ulimit -Hn 5000"), Not(HasSubstr("descriptors")));
}

}  // namespace
}  // namespace portolan::test
