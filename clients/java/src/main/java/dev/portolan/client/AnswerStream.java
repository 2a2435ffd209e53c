package dev.portolan.client;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * An answer that comes piece by piece: iterate over it, in one thread at a time. One that ends
 * without an error was complete; the iteration of one that did not throws a {@link
 * PortolanException}.
 *
 * <p>{@link #close} cancels it unless it is over: use it in a {@code try} block if you may leave
 * the loop before the end.
 */
public final class AnswerStream<T> implements Iterable<T>, AutoCloseable {
  /** What came: a piece, an error, or neither at the end. */
  private record Item<T>(Optional<T> piece, Optional<PortolanException> error) {}

  private final BlockingQueue<Item<T>> items;
  private final Exchange<?, T> exchange;
  private final Iterator<T> iterator = new Pieces();

  private AnswerStream(BlockingQueue<Item<T>> items, Exchange<?, T> exchange) {
    this.items = items;
    this.exchange = exchange;
  }

  static <Q, T> AnswerStream<T> begin(
      Connection connection, MethodDescriptor<Q, T> method, Q request, RequestOptions options) {
    BlockingQueue<Item<T>> items = new LinkedBlockingQueue<>();
    Exchange<Q, T> exchange =
        new Exchange<>(connection, method, options) {
          @Override
          void onAnswer(T piece) {
            items.add(new Item<>(Optional.of(piece), Optional.empty()));
          }

          @Override
          void onEnd() {
            items.add(new Item<>(Optional.empty(), Optional.empty()));
          }

          @Override
          void onError(PortolanException error) {
            items.add(new Item<>(Optional.empty(), Optional.of(error)));
          }
        };
    exchange.begin(request);
    return new AnswerStream<>(items, exchange);
  }

  /**
   * The pieces, once: it is the same iterator each time. It waits for each piece.
   *
   * <p>It throws a {@link PortolanException} if the call fails, and a {@link CallerException} if it
   * is cancelled or the thread interrupted.
   */
  @Override
  public Iterator<T> iterator() {
    return iterator;
  }

  /**
   * Ends the call: the provider is left at once, and the iteration ends in a {@link
   * CallerException}. In any thread; without effect on a stream that is over.
   */
  public void cancel() {
    exchange.cancel();
  }

  @Override
  public void close() {
    cancel();
  }

  private final class Pieces implements Iterator<T> {
    private Item<T> next;

    @Override
    public boolean hasNext() {
      if (next == null) {
        try {
          next = items.take();
        } catch (InterruptedException e) {
          cancel();
          Thread.currentThread().interrupt();
          throw PortolanException.of(
              Status.CANCELLED.withDescription("interrupted"), new Metadata());
        }
      }
      next.error.ifPresent(
          error -> {
            error.fillInStackTrace(); // that of who iterates
            throw error;
          });
      return next.piece.isPresent();
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      T piece = next.piece.orElseThrow();
      next = null;
      exchange.more();
      return piece;
    }
  }
}
