//! How long the rest of a body is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

use crate::api::problem;
use crate::files::CHUNK_PATIENCE;

/// Requests that were given up because their bodies did not arrive. One for all threads of a server.
#[derive(Clone, Default)]
pub struct SlowBodies(Arc<AtomicU64>);

impl SlowBodies {
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a body is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotGathered {
    TooLarge,
    TooSlow,
    /// What the connection said.
    Broken(String),
}

/// The whole of a body with at most `max` bytes.
pub(super) async fn gather<S, E>(mut chunks: S, max: usize) -> Result<Bytes, NotGathered>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let mut gathered = BytesMut::new();
    loop {
        let next = timeout(CHUNK_PATIENCE, chunks.next()).await.map_err(|_| NotGathered::TooSlow)?;
        let Some(chunk) = next else { return Ok(gathered.freeze()) };
        let chunk = chunk.map_err(|error| NotGathered::Broken(error.to_string()))?;
        if chunk.len() > max - gathered.len() {
            return Err(NotGathered::TooLarge);
        }
        gathered.extend_from_slice(&chunk);
    }
}

/// The answer to a request whose body stopped on the way, counted.
pub fn too_slow(request: &HttpRequest) -> HttpResponse {
    if let Some(slow) = request.app_data::<web::Data<SlowBodies>>() {
        slow.0.fetch_add(1, Ordering::Relaxed);
    }
    problem::too_slow(CHUNK_PATIENCE)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream::{self, pending};

    use super::*;

    fn chunks(texts: &[&'static str]) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin {
        stream::iter(texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect::<Vec<_>>())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_on_the_way_is_given_up() {
        assert_eq!(gather(chunks(&["{\"a\":", "1}"]), 7).await, Ok(Bytes::from_static(b"{\"a\":1}")));
        assert_eq!(gather(chunks(&["{\"a\":", "1}"]), 6).await, Err(NotGathered::TooLarge));
        let began = tokio::time::Instant::now();
        assert_eq!(gather(chunks(&["{"]).chain(pending()), 7).await, Err(NotGathered::TooSlow));
        assert_eq!(began.elapsed(), CHUNK_PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_slowly_but_steadily_is_waited_for() {
        let slowly = chunks(&["a", "b", "c"]).then(async |chunk| {
            tokio::time::sleep(CHUNK_PATIENCE * 9 / 10).await;
            chunk
        });
        assert_eq!(gather(Box::pin(slowly), 3).await, Ok(Bytes::from_static(b"abc")));
    }
}
