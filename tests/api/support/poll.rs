//! Waiting for another process or task: a bounded number of polls instead of a fixed sleep.

use std::time::Duration;

const LOOKS: u32 = 1_500;
const PAUSE: Duration = Duration::from_millis(20);

/// Polls until a value is there; `None` after half a minute. Blocks the thread.
#[expect(clippy::disallowed_methods, reason = "the one place where a thread of the tests waits")]
pub fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    for _ in 0..LOOKS {
        if let Some(value) = look() {
            return Some(value);
        }
        std::thread::sleep(PAUSE);
    }
    None
}

/// The same for an asynchronous poll.
pub async fn until_async<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    for _ in 0..LOOKS {
        if let Some(value) = look().await {
            return Some(value);
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}
