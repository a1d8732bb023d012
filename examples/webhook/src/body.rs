use std::{future::Future, pin::pin, time::Duration};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{self, Instant},
};

/// The memory that all bodies together may take while they arrive and are worked on.
const ALL_BODIES: u32 = 64 << 20;
/// Memory is given out in pieces of this size.
const PIECE: u32 = 1024;
/// Space for most reviews. More is taken as it arrives: who announces much has not sent it yet.
const USUAL: usize = 8 << 10;
/// A body that takes longer than this is not one that an API server sends.
const LONGEST: Duration = Duration::from_secs(10);

/// Reads bodies, none too large, too slow, or too many at once.
pub(crate) struct Bodies {
    largest: u32,
    memory: Semaphore,
}

/// A body that was read, and its share of the memory.
pub(crate) struct Read<'s> {
    pub(crate) bytes: Vec<u8>,
    share: Option<SemaphorePermit<'s>>,
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoBody {
    TooLarge,
    TooSlow,
    Broken,
}

impl Bodies {
    pub(crate) fn new(largest: u32) -> Self {
        let pieces = ALL_BODIES.max(largest).div_ceil(PIECE);
        Self { largest, memory: Semaphore::new(usize::try_from(pieces).unwrap_or(usize::MAX)) }
    }

    /// Reads a body, until the deadline at most.
    pub(crate) async fn read<B>(&self, body: B, deadline: Instant) -> Result<Read<'_>, NoBody>
    where
        B: Body<Data = Bytes>,
    {
        // What announces itself as too large is not worth waiting for.
        if body.size_hint().lower() > u64::from(self.largest) {
            return Err(NoBody::TooLarge);
        }
        let deadline = deadline.min(Instant::now() + LONGEST);
        in_time(deadline, self.collect(body)).await?
    }

    async fn collect<B>(&self, body: B) -> Result<Read<'_>, NoBody>
    where
        B: Body<Data = Bytes>,
    {
        let mut body = pin!(body);
        let mut read = Read { bytes: Vec::with_capacity(USUAL), share: None };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| NoBody::Broken)?;
            let Some(data) = frame.data_ref() else { continue };
            let length = read.bytes.len().saturating_add(data.len());
            let length = u32::try_from(length).ok().filter(|length| *length <= self.largest);
            self.enlarge(&mut read, length.ok_or(NoBody::TooLarge)?).await?;
            read.bytes.extend_from_slice(data);
        }
        Ok(read)
    }

    async fn enlarge<'s>(&'s self, read: &mut Read<'s>, length: u32) -> Result<(), NoBody> {
        let has = read.share.as_ref().map_or(0, SemaphorePermit::num_permits);
        let lacks = length.div_ceil(PIECE).saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        if lacks > 0 {
            let more = self.memory.acquire_many(lacks).await.map_err(|_| NoBody::Broken)?;
            match &mut read.share {
                Some(share) => share.merge(more),
                None => read.share = Some(more),
            }
        }
        Ok(())
    }
}

async fn in_time<F: Future>(deadline: Instant, future: F) -> Result<F::Output, NoBody> {
    time::timeout_at(deadline, future).await.map_err(|_| NoBody::TooSlow)
}
