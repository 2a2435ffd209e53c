#pragma once

// Who pays: a project or a space, as a member of the request that callers may write themselves.

#include <string>

#include "portolan/v1/extra.pb.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers::watsonx {

// Takes the member into a request of watsonx.v1 if it says who pays. False if it does not, or is no text.
template <typename Request>
bool TakePayer(const v1::Extra& extra, Request* out) {
  const bool project = extra.name() == "project_id";
  if (!project && extra.name() != "space_id") return false;
  std::string id = JsonText(extra.json());
  if (id.empty()) return false;
  if (project) {
    out->set_project_id(std::move(id));
  } else {
    out->set_space_id(std::move(id));
  }
  return true;
}

}  // namespace portolan::providers::watsonx
