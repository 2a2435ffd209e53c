//! One gateway: the way to it, and whether it is there.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codegen::Service;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::Error;

/// How long a gateway is taken to be there after it has shown that it is, unless its connection is lost.
const SURE: Duration = Duration::from_secs(1);
/// How long one that is not there is left alone: longer each time.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// A gateway at one address, which has the name that its certificate must have. Thread-safe.
pub(crate) struct Gateway {
    pub address: SocketAddr,
    pub channel: Channel,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    sure_until: Option<Instant>,
    /// It did not answer when it was last asked, how long it has been left alone since, and until when it is.
    lost: Option<(Duration, Instant)>,
    is_probed: bool,
}

impl Gateway {
    /// Connects with the first call, and anew whenever the connection is lost.
    pub fn new(endpoint: &Endpoint, address: SocketAddr) -> Arc<Gateway> {
        let state = Arc::<Mutex<State>>::default();
        let channel = endpoint.connect_with_connector_lazy(Dial { address, state: state.clone() });
        Arc::new(Gateway { address, channel, state })
    }

    /// Whether it has just shown that it is there.
    pub fn is_sure(&self, now: Instant) -> bool {
        self.state().sure_until.is_some_and(|until| now < until)
    }

    /// Whether it did not answer when it was last asked.
    pub fn is_lost(&self) -> bool {
        self.state().lost.is_some()
    }

    /// It has shown that it is there, or something went wrong with a call.
    pub fn note(&self, is_there: bool) {
        let mut state = self.state();
        state.sure_until = is_there.then(|| Instant::now() + SURE);
        if is_there {
            state.lost = None;
        }
    }

    /// Whether the caller shall ask it now, and say by [`Gateway::end_probe`] what came of it.
    pub fn begin_probe(&self, now: Instant) -> bool {
        let mut state = self.state();
        let is_sure = state.sure_until.is_some_and(|until| now < until);
        let rests = state.lost.is_some_and(|(_, until)| now < until);
        let begins = !is_sure && !rests && !state.is_probed;
        state.is_probed |= begins;
        begins
    }

    pub fn end_probe(&self, is_there: bool) {
        self.note(is_there);
        let mut state = self.state();
        state.is_probed = false;
        if !is_there {
            let rest = state.lost.map_or(FIRST_REST, |(rest, _)| (rest * 8 / 5).min(LONGEST_REST));
            state.lost = Some((rest, Instant::now() + rest));
        }
    }

    /// Whether it answers when it is asked for its health, whatever it says of that.
    pub async fn answers(&self) -> bool {
        self.health().await.is_ok_and(|code| code != Code::Unavailable)
    }

    /// The status with which the gateway answers; an error if there is none.
    async fn health(&self) -> Result<Code, Error> {
        let mut grpc = Grpc::new(self.channel.clone());
        let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
        grpc.ready().await.map_err(|error| Error::from(Status::from_error(error.into())))?;
        match grpc.unary(Request::new(()), path, ProstCodec::<(), ()>::default()).await {
            Ok(_) => Ok(Code::Ok),
            Err(status) => match Error::from(status) {
                error if error.code() == "gateway_unreachable" => Err(error),
                error => Ok(error.status()),
            },
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

// What is guarded is whole whenever the lock is free, whatever became of a thread that held it.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects to the address, whatever the name stands for by now.
struct Dial {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<Watched>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Watched>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (address, state) = (self.address, self.state.clone());
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(Watched { stream, state }))
        })
    }
}

/// A connection at whose end the gateway is not sure to be there any more.
struct Watched {
    stream: TcpStream,
    state: Arc<Mutex<State>>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        locked(&self.state).sure_until = None;
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
