#pragma once

// A gateway with middleware and an upstream `lab`, which is what calls of this file's go to.

#include <fstream>
#include <string>

#include "tests/integration/support/route_caller.h"
#include "tests/integration/support/test_middleware.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {

// One line of `middleware`. `more` begins with a comma if there is any.
inline std::string Entry(const std::string& name, const TestMiddleware& service,
                         const std::string& more = "") {
  return "  " + name + ": {grpc: \"" + service.address() + "\"" + more + "}\n";
}

// `entries`: lines of `middleware`; `rest`: the rest of the file.
inline GatewayFixture StartWithMiddleware(const FakeUpstream& upstream, const std::string& entries,
                                          const std::string& rest) {
  const TempFolder folder;
  const std::string path = folder.path() + "/gateway.yaml";
  std::ofstream(path) << "providers:\n  lab: {base_url: \"" << upstream.url()
                      << "/v1\", api_key: \"env:LAB_KEY\"}\ndefault_provider: lab\nmiddleware:\n"
                      << entries << rest;
  return GatewayFixture::FromFile(path,
                                  {{"LAB_KEY", "lab-key"}, {"HOOK_SECRET", "hush"}, {"CALLER", "c-key"}});
}

}  // namespace portolan::test
