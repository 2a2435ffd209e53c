package dev.portolan.client;

import dev.portolan.v1.ChatCompletion;
import dev.portolan.v1.ChatCompletionChunk;
import dev.portolan.v1.ChatCompletionRequest;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Both forms of a client's calls behind one face, so that both are tried with the same scenarios.
 */
interface Form {
  ChatCompletion chat(Client client, ChatCompletionRequest request, RequestOptions options);

  Pieces stream(Client client, ChatCompletionRequest request, RequestOptions options);

  /** A stream that can be cancelled. */
  interface Pieces extends Iterator<ChatCompletionChunk> {
    void cancel();
  }

  /** Calls that wait. */
  final class Waiting implements Form {
    @Override
    public ChatCompletion chat(
        Client client, ChatCompletionRequest request, RequestOptions options) {
      return client.chat(request, options);
    }

    @Override
    public Pieces stream(Client client, ChatCompletionRequest request, RequestOptions options) {
      AnswerStream<ChatCompletionChunk> stream = client.stream(request, options);
      Iterator<ChatCompletionChunk> pieces = stream.iterator();
      return new Pieces() {
        @Override
        public boolean hasNext() {
          return pieces.hasNext();
        }

        @Override
        public ChatCompletionChunk next() {
          return pieces.next();
        }

        @Override
        public void cancel() {
          stream.cancel();
        }
      };
    }
  }

  /** Calls that return futures. */
  final class Futures implements Form {
    @Override
    public ChatCompletion chat(
        Client client, ChatCompletionRequest request, RequestOptions options) {
      return join(client.chatAsync(request, options));
    }

    @Override
    public Pieces stream(Client client, ChatCompletionRequest request, RequestOptions options) {
      BlockingQueue<Optional<ChatCompletionChunk>> given = new LinkedBlockingQueue<>();
      CompletableFuture<Void> end =
          client.streamAsync(request, options, piece -> given.add(Optional.of(piece)));
      CompletableFuture<Void> told =
          end.whenComplete((nothing, error) -> given.add(Optional.empty()));
      return new Pieces() {
        private Optional<ChatCompletionChunk> next;

        @Override
        public boolean hasNext() {
          try {
            next = given.take();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          if (next.isEmpty()) {
            join(told);
          }
          return next.isPresent();
        }

        @Override
        public ChatCompletionChunk next() {
          return next.orElseThrow();
        }

        @Override
        public void cancel() {
          end.cancel(true);
        }
      };
    }

    /** What the future gives; a future that was cancelled fails as a call does. */
    private static <A> A join(CompletableFuture<A> future) {
      try {
        return future.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof PortolanException error) {
          throw error;
        }
        if (e.getCause() instanceof CancellationException) {
          throw PortolanException.of(
              io.grpc.Status.CANCELLED.withDescription("the future"), new io.grpc.Metadata());
        }
        throw e;
      }
    }
  }
}
