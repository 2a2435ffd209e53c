#pragma once

#include <string>

namespace portolan::faults {

// docs/reliability.md, made of the cases that the tests run.
std::string ReliabilityPage();

}  // namespace portolan::faults
