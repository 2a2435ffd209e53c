#include <cstdio>

#include "tests/faults/reliability_page.h"

int main() { std::fputs(portolan::faults::ReliabilityPage().c_str(), stdout); }
