use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};

use crate::connections::Connections;

/// What almost every review and answer fits into. It takes the processor for less than a millisecond.
pub(crate) const SMALL: usize = 64 << 10;
/// For all that is small, and for all that is not. Apart, so that large ones never keep a small one waiting.
const ALL_SMALL: usize = 8 << 20;
const ALL_LARGE: usize = 16 << 20;
/// Memory is given out in pieces of this size.
const PIECE: usize = 1024;
/// From one look at who could give memory back to the next.
const PAUSE: Duration = Duration::from_millis(50);

/// The memory that reviews and their answers take together: from the first byte of a body until the last byte of its
/// answer is written.
pub(crate) struct Memory {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    /// Those who make others wait for it.
    connections: Arc<Connections>,
}

/// A share of the memory, given back when it is dropped.
#[derive(Default)]
pub(crate) struct Share {
    pieces: Option<OwnedSemaphorePermit>,
    is_large: bool,
}

impl Memory {
    /// With room for the largest body and the largest answer.
    pub(crate) fn new(largest_body: usize, connections: Arc<Connections>) -> Self {
        let pool = |bytes: usize| Arc::new(Semaphore::new(bytes.div_ceil(PIECE)));
        let large = ALL_LARGE.max(largest_body.saturating_mul(2));
        Self { small: pool(ALL_SMALL), large: pool(large), connections }
    }

    /// Makes a share one of so many bytes: a larger one when there is room, a smaller one at once.
    pub(crate) async fn fit(&self, share: &mut Share, bytes: usize) {
        let pieces = bytes.div_ceil(PIECE);
        let has = share.pieces.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if let Some(surplus) = has.checked_sub(pieces) {
            drop(share.pieces.as_mut().and_then(|share| share.split(surplus)));
            return;
        }
        let is_large = share.is_large || bytes > SMALL;
        let kept = if share.is_large == is_large { has } else { 0 };
        let Some(more) = self.take(is_large, pieces - kept).await else { return };
        match &mut share.pieces {
            Some(pieces) if kept > 0 => pieces.merge(more),
            pieces => *pieces = Some(more),
        }
        share.is_large = is_large;
    }

    /// While it waits, those go who keep memory for longer than they should.
    async fn take(&self, is_large: bool, pieces: usize) -> Option<OwnedSemaphorePermit> {
        let pool = if is_large { &self.large } else { &self.small };
        let pieces = u32::try_from(pieces).unwrap_or(u32::MAX);
        let more = Arc::clone(pool).acquire_many_owned(pieces);
        tokio::pin!(more);
        loop {
            tokio::select! {
                biased;
                // Nobody closes the semaphore.
                more = &mut more => return more.ok(),
                () = time::sleep(PAUSE) => self.connections.drop_slow(),
            }
        }
    }
}

/// Bytes that count against the memory for as long as anybody has them.
pub(crate) struct Counted {
    pub(crate) bytes: Vec<u8>,
    pub(crate) share: Share,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn memory() -> Memory {
        Memory::new(8 << 20, Connections::new(1, Arc::new(Metrics::new())))
    }

    #[tokio::test(start_paused = true)]
    async fn large_shares_wait_for_each_other_and_small_ones_for_neither() {
        let memory = memory();
        let mut large = [Share::default(), Share::default(), Share::default()];
        memory.fit(&mut large[0], 8 << 20).await;
        memory.fit(&mut large[1], 8 << 20).await;
        let waits = Duration::from_secs(60);
        assert!(time::timeout(waits, memory.fit(&mut large[2], SMALL + 1)).await.is_err());
        let mut small: Vec<_> = (0..ALL_SMALL / SMALL).map(|_| Share::default()).collect();
        for share in &mut small {
            memory.fit(share, SMALL).await;
        }
        assert!(time::timeout(waits, memory.fit(&mut Share::default(), 1)).await.is_err());
        // Who needs less gives the rest back at once.
        memory.fit(&mut small[0], 1).await;
        memory.fit(&mut Share::default(), SMALL - PIECE).await;
        memory.fit(&mut large[1], 1 << 20).await;
        memory.fit(&mut large[2], 7 << 20).await;
        drop((large, small));
        assert_eq!(memory.small.available_permits() * PIECE, ALL_SMALL);
        assert_eq!(memory.large.available_permits() * PIECE, 16 << 20);
    }

    #[tokio::test(start_paused = true)]
    async fn what_grows_large_gives_back_what_it_had_when_it_was_small() {
        let memory = memory();
        let mut share = Share::default();
        for bytes in [1, SMALL, SMALL + 1, 2 * SMALL, 100] {
            memory.fit(&mut share, bytes).await;
        }
        assert_eq!(memory.small.available_permits() * PIECE, ALL_SMALL);
        assert_eq!((memory.large.available_permits() + 1) * PIECE, 16 << 20);
    }
}
