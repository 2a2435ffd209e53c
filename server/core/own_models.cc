#include "server/core/own_models.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <set>
#include <string>

#include "portolan/v1/model.pb.h"
#include "server/codec/string_value.h"

namespace portolan::core {
namespace {

void Fill(const std::string& id, std::string_view owner, v1::Model* model) {
  model->set_id(id);
  model->set_object("model");
  model->set_created(0);
  model->set_owned_by(std::string(owner));
}

// `openai/gpt-5`, where a target names its provider and overrides the model; else "".
std::string FixedModel(const routing::TargetSpec& target) {
  if (target.provider == nullptr) return {};
  for (const codec::Edit& edit : target.override_params) {
    if (edit.name != "model") continue;
    const std::string model = codec::StringValue(edit.json);
    return model.empty() ? model : target.provider->name + "/" + model;
  }
  return {};
}

bool MayUse(const CallState& call, std::string_view route, std::string_view model) {
  const routing::Caller* caller = call.credentials.caller;
  return caller == nullptr || (caller->MayUseRoute(route) && caller->MayUseModel(model));
}

}  // namespace

void CompleteModelList(const CallState& call, google::protobuf::Message* list) {
  auto& models = static_cast<v1::ModelList&>(*list);
  auto& data = *models.mutable_data();
  data.erase(std::remove_if(data.begin(), data.end(),
                            [&](const v1::Model& model) { return !MayUse(call, {}, model.id()); }),
             data.end());
  const routing::NamedRoutes& routes = call.snapshot->routes;
  for (const auto& [model, route] : routes.aliases()) {
    if (MayUse(call, route, model)) Fill(model, "portolan", models.add_data());
  }
  std::set<std::string> fixed;
  for (const auto& [name, plan] : routes.routes()) {
    for (const routing::RouteNode* node : plan->targets) {
      const std::string model = FixedModel(node->target);
      // Called by this name it is on no route.
      if (model.empty() || !MayUse(call, {}, model) || !fixed.insert(model).second) continue;
      Fill(model, node->target.provider->name, models.add_data());
    }
  }
}

net::Task<void> ReplyOwnModel(CallState& call) {
  v1::Model model;
  Fill(call.route_request->model, "portolan", &model);
  co_await ReplyMessage(call, model, nullptr);
}

}  // namespace portolan::core
