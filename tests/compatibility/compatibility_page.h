#pragma once

#include <string>

namespace portolan::compatibility {

// docs/portkey-compatibility.md, made of the cases that the test runs.
std::string CompatibilityPage();

}  // namespace portolan::compatibility
