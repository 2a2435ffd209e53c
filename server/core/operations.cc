#include "server/core/operations.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "google/api/annotations.pb.h"
#include "portolan/options/v1/options.pb.h"
#include "portolan/v1/relay.pb.h"

namespace portolan::core {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using providers::Dialect;
using providers::Form;

// Asks for a route to be told rather than taken.
constexpr std::string_view kExplain = "explain";
// In logs and metrics, whatever its path.
constexpr std::string_view kRelayRoute = "/v1/*";

const Message* Prototype(const Descriptor* type) {
  return MessageFactory::generated_factory()->GetPrototype(type);
}

bool SameType(const Message* a, const Message* b) {
  return a == nullptr || b == nullptr || a->GetDescriptor() == b->GetDescriptor();
}

// The form of an rpc, whose messages it must have.
absl::Status TakeForm(const Dialect& dialect, OperationSpec* spec) {
  spec->form = dialect.Find(spec->name);
  if (spec->form == nullptr) {
    return absl::InternalError(spec->unary->full_name() + ": " + std::string(dialect.name()) +
                               " has no operation " + spec->name);
  }
  if (SameType(spec->form->request, spec->request_type) &&
      SameType(spec->form->answer, spec->response_type) && SameType(spec->form->event, spec->chunk_type)) {
    return absl::OkStatus();
  }
  return absl::InternalError(spec->unary->full_name() + ": its types are not those of the form");
}

// The messages of its rpc are the parts of calls, not calls.
void MakeRelay(OperationSpec* spec) {
  spec->relays = true;
  spec->route = kRelayRoute;
  spec->request_type = &v1::RelayedJson::default_instance();
  spec->response_type = nullptr;
  spec->model_field = v1::RelayedJson::descriptor()->FindFieldByName("model");
  spec->options_field = v1::RelayedJson::descriptor()->FindFieldByName("portolan");
}

// The same for callers of another dialect than the hub's, which have no rpc for it.
std::unique_ptr<OperationSpec> RelayFor(const Dialect& dialect, const OperationSpec& hub) {
  auto spec = std::make_unique<OperationSpec>(hub);
  spec->dialect = &dialect;
  spec->unary = nullptr;
  return spec;
}

absl::StatusOr<std::unique_ptr<OperationSpec>> MakeSpec(const Dialect& dialect,
                                                        const MethodDescriptor& unary) {
  auto spec = std::make_unique<OperationSpec>();
  spec->name = unary.options().GetExtension(options::v1::operation);
  spec->dialect = &dialect;
  spec->explains = spec->name == kExplain;
  spec->unary = &unary;
  spec->request_type = Prototype(unary.input_type());
  spec->response_type = Prototype(unary.output_type());
  const auto& http = unary.options().GetExtension(google::api::http);
  spec->route = http.get().empty() ? http.post() : http.get();
  spec->has_body = !http.body().empty();
  if (spec->has_body && http.body() != "*") {
    const FieldDescriptor* field = unary.input_type()->FindFieldByName(http.body());
    if (field == nullptr || !field->options().GetExtension(options::v1::raw_json)) {
      return absl::InternalError(unary.full_name() + ": a body that is one field must be raw JSON");
    }
  }
  if (unary.options().HasExtension(options::v1::streaming)) {
    const auto& streaming = unary.options().GetExtension(options::v1::streaming);
    spec->streaming = unary.service()->FindMethodByName(streaming.rpc());
    if (spec->streaming == nullptr) {
      return absl::InternalError(streaming.rpc() + " is not in " + unary.service()->full_name());
    }
    spec->chunk_type = Prototype(spec->streaming->output_type());
    spec->stream_flag = unary.input_type()->FindFieldByName(streaming.field());
    spec->stream_options_field = unary.input_type()->FindFieldByName("stream_options");
  }
  spec->model_field = unary.input_type()->FindFieldByName("model");
  spec->options_field = unary.input_type()->FindFieldByName("portolan");
  if (spec->explains) return spec;
  if (spec->name == providers::operation::kRelay) {
    MakeRelay(spec.get());
    return spec;
  }
  if (absl::Status status = TakeForm(dialect, spec.get()); !status.ok()) return status;
  return spec;
}

absl::StatusOr<const ServiceDescriptor*> FindService(const Dialect& dialect, std::string_view name) {
  const ServiceDescriptor* service = DescriptorPool::generated_pool()->FindServiceByName(std::string(name));
  if (service == nullptr) return absl::InternalError(std::string(name) + " is not in the protos");
  const std::string& said = service->options().GetExtension(options::v1::dialect);
  if ((said.empty() ? "openai" : std::string_view(said)) != dialect.name()) {
    return absl::InternalError(std::string(name) + " is of another dialect than " +
                               std::string(dialect.name()));
  }
  return service;
}

const codec::MessagePlan* MessagePlanOf(const codec::Codec& codec, const Message* type) {
  return type == nullptr ? nullptr : codec.Find(type->GetDescriptor());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Operations>> Operations::Build(std::span<const Dialect* const> dialects) {
  auto operations = std::unique_ptr<Operations>(new Operations);
  std::vector<const Descriptor*> roots;
  const auto add = [&roots](const Message* type) {
    if (type != nullptr) roots.push_back(type->GetDescriptor());
  };
  for (const Dialect* dialect : dialects) {
    for (const Form& form : dialect->forms()) {
      for (const Message* type : {form.request, form.answer, form.event}) add(type);
    }
    if (dialect->door() == nullptr) continue;
    if (dialect->is_hub()) operations->hub_door_ = dialect->door();
    for (const std::string_view name : dialect->door()->services()) {
      auto service = FindService(*dialect, name);
      if (!service.ok()) return service.status();
      for (int i = 0; i < (*service)->method_count(); ++i) {
        const MethodDescriptor& method = *(*service)->method(i);
        if (!method.options().HasExtension(options::v1::operation)) continue;
        auto spec = MakeSpec(*dialect, method);
        if (!spec.ok()) return spec.status();
        for (const Message* type : {(*spec)->request_type, (*spec)->response_type, (*spec)->chunk_type})
          add(type);
        operations->specs_.push_back(*std::move(spec));
      }
    }
  }

  if (operations->hub_door_ == nullptr) return absl::InternalError("no dialect is the hub's");
  if (const OperationSpec* relay = operations->Hub(providers::operation::kRelay); relay != nullptr) {
    for (const Dialect* dialect : dialects) {
      if (dialect->door() != nullptr && !dialect->is_hub())
        operations->specs_.push_back(RelayFor(*dialect, *relay));
    }
  }

  auto codec = codec::Codec::Compile(roots);
  if (!codec.ok()) return codec.status();
  operations->codec_ = *std::move(codec);
  for (const Dialect* dialect : dialects) {
    for (const Form& form : dialect->forms()) {
      operations->forms_.emplace(
          &form, std::make_unique<const FormPlan>(FormPlan{MessagePlanOf(*operations->codec_, form.request),
                                                           MessagePlanOf(*operations->codec_, form.answer),
                                                           MessagePlanOf(*operations->codec_, form.event),
                                                           ScanPlan(form.accounting)}));
    }
  }
  for (const auto& spec : operations->specs_) {
    spec->request = MessagePlanOf(*operations->codec_, spec->request_type);
    spec->response = MessagePlanOf(*operations->codec_, spec->response_type);
    spec->chunk = MessagePlanOf(*operations->codec_, spec->chunk_type);
    if (spec->form != nullptr) spec->plan = &operations->PlanOf(*spec->form);
    spec->hub = spec->dialect->is_hub() ? spec.get() : operations->Hub(spec->name);
  }
  return operations;
}

const OperationSpec* Operations::Find(const MethodDescriptor* method) const {
  for (const auto& spec : specs_) {
    if (method == nullptr) break;
    if (spec->unary == method || (spec->streaming != nullptr && spec->streaming == method)) return spec.get();
  }
  return nullptr;
}

const providers::Door& Operations::DoorAt(std::string_view path) const {
  for (const auto& spec : specs_) {
    if (spec->dialect->is_hub() || !path.starts_with(spec->route)) continue;
    if (path.size() == spec->route.size() || path[spec->route.size()] == '/') return spec->door();
  }
  return *hub_door_;
}

const OperationSpec* Operations::Relay(std::string_view path, std::span<const HeaderView> headers) const {
  const providers::Door* const at_path = &DoorAt(path);
  const OperationSpec* hubs = nullptr;
  for (const auto& spec : specs_) {
    if (!spec->relays) continue;
    if (spec->dialect->is_hub()) {
      hubs = spec.get();
      continue;
    }
    const std::string_view telling = spec->door().telling_header();
    if (&spec->door() == at_path || (!telling.empty() && FindHeader(headers, telling))) return spec.get();
  }
  return hubs;
}

const OperationSpec* Operations::Hub(std::string_view name) const {
  for (const auto& spec : specs_) {
    if (spec->dialect->is_hub() && spec->name == name) return spec.get();
  }
  return nullptr;
}

}  // namespace portolan::core
