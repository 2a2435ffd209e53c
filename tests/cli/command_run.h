#pragma once

// Runs the real binary as somebody at a shell would.

#include <string>
#include <utility>
#include <vector>

namespace portolan::test {

using Variables = std::vector<std::pair<std::string, std::string>>;

struct CommandRun {
  int exit_status = -1;  // -1: a signal ended it
  std::string out;
  std::string err;
};

// What PORTOLAN_BINARY names; aborts if it names nothing.
std::string PortolanBinary();

// Runs `program` with these arguments and nothing but these variables and PATH, with `in` as its stdin, and
// waits until it ends.
CommandRun RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                      const Variables& variables = {}, const std::string& in = "");

// The same of `portolan`.
CommandRun RunPortolan(const std::vector<std::string>& arguments, const Variables& variables = {},
                       const std::string& in = "");

}  // namespace portolan::test
