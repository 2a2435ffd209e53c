"""AsyncClient as if it were a Client, so that both are tried with the same scenarios."""

import asyncio

import portolan

# grpc.aio keeps to the first loop that it sees.
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)


class BlockingStream:
    """An AsyncStream. Cancelling it cancels the task that waits for the next piece, as a program of asyncio does."""

    def __init__(self, loop, stream):
        self.loop, self.stream, self.waiting = loop, stream, None

    def __iter__(self):
        return self

    def __next__(self):
        if self.waiting is None:
            self.waiting = self.loop.create_task(anext(self.stream))
        try:
            return self.loop.run_until_complete(self.waiting)
        except StopAsyncIteration:
            raise StopIteration from None
        except asyncio.CancelledError:
            raise portolan.CallerError("", code="client_closed_request", status=None) from None
        finally:
            self.waiting = None

    @property
    def headers(self):
        """What came with the answer."""
        return self.loop.run_until_complete(self.stream.headers())

    def cancel(self):
        """Cancels the task that waits for the next piece."""
        self.waiting = self.loop.create_task(anext(self.stream))
        self.loop.run_until_complete(asyncio.sleep(0))  # so that it does wait
        self.waiting.cancel()


class BlockingClient:
    """An AsyncClient."""

    def __init__(self, *arguments, **options):
        self.loop = LOOP
        self.client = portolan.AsyncClient(*arguments, **options)

    def chat(self, **fields):
        """One whole answer."""
        return self.loop.run_until_complete(self.client.chat(**fields))

    def stream(self, **fields):
        """A streamed answer."""
        return BlockingStream(self.loop, self.client.stream(**fields))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.run_until_complete(self.client.close())
