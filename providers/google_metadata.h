#pragma once

// The identity that Google Cloud lends to a machine: of a virtual machine, of a pod on GKE (workload
// identity), of Cloud Run. Its metadata server gives tokens to whoever can reach it. Sources:
// google.aip.dev/auth/4115, cloud.google.com/compute/docs/access/authenticate-workloads and
// cloud.google.com/kubernetes-engine/docs/concepts/workload-identity; the variable is that of Google's own
// libraries (google-auth 2.x, compute_engine/_metadata.py).

#include <string_view>

#include "providers/need.h"

namespace portolan::providers {

// The key that asks for it.
inline constexpr std::string_view kMetadataServerKey = "metadata-server";
inline constexpr std::string_view kMetadataHost = "metadata.google.internal";

// What is lacking for it: everything but the name of the need. `host`: `HOST`, `HOST:PORT`, or the URL of
// one.
Need MetadataTokenNeed(std::string_view host);

}  // namespace portolan::providers
