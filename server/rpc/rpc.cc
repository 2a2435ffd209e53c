#include "server/rpc/rpc.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <climits>

#include "server/rpc/metadata.h"

namespace portolan::rpc {
namespace {

// Where google.rpc.Status travels.
constexpr std::string_view kDetails = "grpc-status-details-bin";

// As a rule an answer has no more headers than this.
constexpr size_t kUsual = 10;

// Counts no references: the bytes stay until the operation is over.
grpc_slice Borrow(std::string_view bytes) {
  return grpc_slice_from_static_buffer(bytes.data(), bytes.size());
}

}  // namespace

void OutgoingMetadata::Set(HeaderBlock headers) {
  items_.clear();
  headers_ = std::move(headers);
  items_.reserve(kUsual);
  std::string value;
  for (const HeaderView header : headers_) {
    if (!FitForMetadata(header.name)) continue;
    if (IsPrintable(header.value)) {
      Add(header.name, header.value);
    } else {
      SetMetadataValue(header.value, &value);
      Add(header.name, own_.emplace_front(std::move(value)));
    }
  }
}

void OutgoingMetadata::AddBinary(std::string_view name, std::string value) {
  Add(name, own_.emplace_front(std::move(value)));
}

void OutgoingMetadata::Add(std::string_view name, std::string_view value) {
  items_.push_back({Borrow(name), Borrow(value), {}});
}

Rpc::Rpc(Arrival arrival) : arrival_(std::move(arrival)) {}

// The core takes what it is given unless the program is at fault; then the rpc is broken off.
void Rpc::Start(const grpc_op* ops, size_t count, Event* event) {
  Hold();
  if (grpc_call_start_batch(call(), ops, count, event, nullptr) == GRPC_CALL_OK) return;
  TryCancel();
  event->Run(false);
}

void Rpc::Watch() {
  grpc_op op{};
  op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
  op.data.recv_close_on_server.cancelled = &cancelled_;
  Start(&op, 1, &closed_);
}

grpc_op Rpc::InitialMetadata() {
  begun_ = true;
  grpc_op op{};
  op.op = GRPC_OP_SEND_INITIAL_METADATA;
  op.data.send_initial_metadata.count = initial_.size();
  op.data.send_initial_metadata.metadata = initial_.data();
  return op;
}

void Rpc::StartWrite(grpc_byte_buffer* message, bool more) {
  grpc_op ops[2]{};
  size_t count = 0;
  // The hint keeps a message back so that it leaves in one system call with the next. Not the first:
  // gRPC 1.51 completes that only when the initial metadata has left with it, and would hold both for want of
  // a reason to write.
  const bool hint = more && begun_;
  if (!begun_) ops[count++] = InitialMetadata();
  grpc_op& write = ops[count++];
  write.op = GRPC_OP_SEND_MESSAGE;
  write.flags = hint ? GRPC_WRITE_BUFFER_HINT : 0;
  write.data.send_message.send_message = message;
  Start(ops, count, &written_);
}

void Rpc::StartFinish(const grpc::Status& status, BufferPtr message) {
  grpc_op ops[3]{};
  size_t count = 0;
  if (!begun_) ops[count++] = InitialMetadata();
  if (message != nullptr) {
    last_ = std::move(message);
    grpc_op& write = ops[count++];
    write.op = GRPC_OP_SEND_MESSAGE;
    write.data.send_message.send_message = last_.get();
  }
  if (!status.error_details().empty()) trailing_.AddBinary(kDetails, status.error_details());
  grpc_slice text =
      grpc_slice_from_copied_buffer(status.error_message().data(), status.error_message().size());
  grpc_op& end = ops[count++];
  end.op = GRPC_OP_SEND_STATUS_FROM_SERVER;
  end.data.send_status_from_server.status = static_cast<grpc_status_code>(status.error_code());
  end.data.send_status_from_server.status_details = status.error_message().empty() ? nullptr : &text;
  end.data.send_status_from_server.trailing_metadata_count = trailing_.size();
  end.data.send_status_from_server.trailing_metadata = trailing_.data();
  Start(ops, count, &finished_);
  grpc_slice_unref(text);
}

void Rpc::StartRead() {
  grpc_op op{};
  op.op = GRPC_OP_RECV_MESSAGE;
  op.data.recv_message.recv_message = &read_;
  Start(&op, 1, &read_done_);
}

BufferPtr ToBuffer(std::string_view bytes) {
  grpc_slice slice = grpc_slice_from_copied_buffer(bytes.data(), bytes.size());
  BufferPtr buffer(grpc_raw_byte_buffer_create(&slice, 1));
  grpc_slice_unref(slice);
  return buffer;
}

bool ParseBuffer(grpc_byte_buffer* buffer, google::protobuf::MessageLite* out) {
  if (buffer == nullptr) return false;
  const grpc_slice_buffer& slices = buffer->data.raw.slice_buffer;
  if (slices.count == 1) {
    const std::string_view bytes = ToView(slices.slices[0]);
    return bytes.size() <= INT_MAX && out->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  // A large message comes in many slices, which need not be put together.
  std::vector<grpc::Slice> parts;
  parts.reserve(slices.count);
  for (size_t i = 0; i < slices.count; ++i) parts.emplace_back(slices.slices[i], grpc::Slice::ADD_REF);
  grpc::ByteBuffer whole(parts.data(), parts.size());
  grpc::ProtoBufferReader reader(&whole);
  return out->ParseFromZeroCopyStream(&reader) && reader.status().ok();
}

}  // namespace portolan::rpc
