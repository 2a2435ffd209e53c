//! Answers that come piece by piece.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::metadata::MetadataMap;
use tonic::{Response, Status, Streaming};

use crate::Error;
use crate::gateway::Gateway;

pub(crate) type Start<T> = Pin<Box<dyn Future<Output = Result<(Response<Streaming<T>>, Arc<Gateway>), Status>> + Send>>;

enum State<T> {
    Starting(Start<T>),
    Open(Box<Streaming<T>>, Arc<Gateway>),
    Over,
}

/// An answer that comes piece by piece. One that ends without an error was complete; an error is its last item.
///
/// The call is made when the first piece is asked for. Dropping the stream cancels it: the provider is left at once.
#[must_use = "nothing is called before the first piece is asked for"]
pub struct AnswerStream<T> {
    state: State<T>,
    headers: Option<MetadataMap>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<T> AnswerStream<T> {
    pub(crate) fn new(deadline: Option<Instant>, start: Start<T>) -> AnswerStream<T> {
        let deadline = deadline.map(|at| Box::pin(sleep_until(at)));
        AnswerStream { state: State::Starting(start), headers: None, deadline }
    }

    /// The next piece; nothing at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What came with the answer: the gateway's headers, the provider's rate limits. Nothing before its first piece.
    pub fn headers(&self) -> Option<&MetadataMap> {
        self.headers.as_ref()
    }

    fn fail(&mut self, status: Status) -> Poll<Option<Result<T, Error>>> {
        if let State::Open(_, gateway) = &self.state {
            gateway.note(false);
        }
        self.state = State::Over;
        Poll::Ready(Some(Err(status.into())))
    }
}

impl<T> Stream for AnswerStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if !matches!(this.state, State::Over)
            && let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return this.fail(Status::deadline_exceeded("the call's time has run out"));
        }
        loop {
            match &mut this.state {
                State::Over => return Poll::Ready(None),
                State::Starting(start) => match start.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(status)) => return this.fail(status),
                    Poll::Ready(Ok((response, gateway))) => {
                        let (headers, pieces, _) = response.into_parts();
                        this.headers = Some(headers);
                        this.state = State::Open(Box::new(pieces), gateway);
                    }
                },
                State::Open(pieces, gateway) => match Pin::new(&mut **pieces).poll_next(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(piece))) => return Poll::Ready(Some(Ok(piece))),
                    Poll::Ready(Some(Err(status))) => return this.fail(status),
                    Poll::Ready(None) => {
                        gateway.note(true);
                        this.state = State::Over;
                        return Poll::Ready(None);
                    }
                },
            }
        }
    }
}
