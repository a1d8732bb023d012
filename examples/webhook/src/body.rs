use std::{pin::pin, sync::Arc, time::Duration};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::time::{self, Instant};

use crate::memory::{Counted, Memory, SMALL, Share};

/// Space for most reviews.
const USUAL: usize = 8 << 10;
/// A body that takes longer than this is not one that an API server sends.
const LONGEST: Duration = Duration::from_secs(5);

/// Reads bodies, none too large, too slow, or too many at once.
pub(crate) struct Bodies {
    pub(crate) largest: usize,
    pub(crate) memory: Arc<Memory>,
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoBody {
    TooLarge,
    TooSlow,
    Broken,
}

impl Bodies {
    /// Reads a body, until the deadline at most.
    pub(crate) async fn read<B>(&self, body: B, deadline: Instant) -> Result<Counted, NoBody>
    where
        B: Body<Data = Bytes>,
    {
        // What announces itself as too large is not worth waiting for.
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > self.largest {
            return Err(NoBody::TooLarge);
        }
        let deadline = deadline.min(Instant::now() + LONGEST);
        let collected = time::timeout_at(deadline, self.collect(body, announced)).await;
        collected.map_err(|_| NoBody::TooSlow)?
    }

    async fn collect<B>(&self, body: B, announced: usize) -> Result<Counted, NoBody>
    where
        B: Body<Data = Bytes>,
    {
        let mut body = pin!(body);
        let mut read = Counted { bytes: Vec::new(), share: Share::default() };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| NoBody::Broken)?;
            let Some(data) = frame.data_ref() else { continue };
            let length = read.bytes.len().saturating_add(data.len());
            if length > self.largest {
                return Err(NoBody::TooLarge);
            }
            if length > read.bytes.capacity() {
                // Who announces something small may never send it. What is large takes its place at once: two that
                // wait for more, each with what the other needs, would wait for ever.
                let capacity = match length > SMALL {
                    true if announced >= length => announced,
                    true => self.largest,
                    false => length.next_power_of_two().max(USUAL),
                };
                self.memory.fit(&mut read.share, capacity).await;
                read.bytes.reserve_exact(capacity - read.bytes.len());
            }
            read.bytes.extend_from_slice(data);
        }
        Ok(read)
    }
}
