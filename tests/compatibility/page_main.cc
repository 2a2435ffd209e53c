#include <cstdio>

#include "tests/compatibility/compatibility_page.h"

int main() { std::fputs(portolan::compatibility::CompatibilityPage().c_str(), stdout); }
