package dev.portolan.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Optional;

/**
 * One call: from the wait for a connection to its end. May be cancelled in any thread, at any time.
 * What comes is given to the methods that are still to be written, one after the other.
 */
abstract class Exchange<Q, A> {
  private final Connection connection;
  private final MethodDescriptor<Q, A> method;
  private final RequestOptions options;

  // Both by this object.
  private ClientCall<Q, A> call;
  private boolean isCancelled;

  Exchange(Connection connection, MethodDescriptor<Q, A> method, RequestOptions options) {
    this.connection = connection;
    this.method = method;
    this.options = options;
  }

  /** The answer, or a piece of it. Of a stream, the next one comes when {@link #more} is called. */
  abstract void onAnswer(A answer);

  /** The call is over. */
  abstract void onEnd();

  /** The call is over, and this is why. */
  abstract void onError(PortolanException error);

  /** Makes the call when there is a connection. To be called once. */
  @SuppressWarnings("FutureReturnValueIgnored") // what can fail in it is told to onError
  void begin(Q request) {
    Optional<Deadline> deadline = connection.deadlineOf(options);
    connection.connected(deadline).thenAccept(isConnected -> start(request, deadline, isConnected));
  }

  private void start(Q request, Optional<Deadline> deadline, boolean isConnected) {
    CallOptions how = deadline.map(CallOptions.DEFAULT::withDeadline).orElse(CallOptions.DEFAULT);
    ClientCall<Q, A> started =
        connection.channel.newCall(method, isConnected ? how.withWaitForReady() : how);
    started.start(new Listener(), connection.metadataOf(options));
    synchronized (this) {
      call = started;
      if (isCancelled) {
        started.cancel("cancelled", null);
        return;
      }
      // Of one answer, a second is asked for, so that its end is seen at once.
      started.request(method.getType() == MethodDescriptor.MethodType.UNARY ? 2 : 1);
      started.sendMessage(request);
      started.halfClose();
    }
  }

  /** Asks for the next piece. */
  synchronized void more() {
    if (call != null) {
      call.request(1);
    }
  }

  synchronized void cancel() {
    isCancelled = true;
    if (call != null) {
      call.cancel("cancelled", null);
    }
  }

  private final class Listener extends ClientCall.Listener<A> {
    @Override
    public void onHeaders(Metadata headers) {
      options.onHeaders.accept(Headers.plain(headers));
    }

    @Override
    public void onMessage(A message) {
      onAnswer(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.isOk()) {
        onEnd();
      } else {
        onError(PortolanException.of(status, trailers));
      }
    }
  }
}
