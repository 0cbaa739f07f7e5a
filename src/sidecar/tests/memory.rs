//! What clients cost that are slow or idle. It has a process of its own: memory is counted for a whole one.

#[cfg(test)]
#[allow(dead_code, reason = "this test needs a part of it")]
mod harness;

#[cfg(test)]
mod tests {
    use tokio::sync::Mutex;

    use crate::harness::{Running, text_of};

    /// Held by the test that counts.
    static COUNTING: Mutex<()> = Mutex::const_new(());

    /// The memory that this process has now, in bytes; 0 where Linux does not tell.
    fn resident_bytes() -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or(0) * 4096
    }

    #[tokio::test]
    async fn invariant_11_an_idle_socket_costs_little_memory() {
        let _counting = COUNTING.lock().await;
        let sidecar = Running::start().await;
        let before = resident_bytes();
        let mut idle = Vec::new();
        for _ in 0..20 {
            let chat = sidecar.session().await;
            for _ in 0..10 {
                idle.push(sidecar.live_socket(&chat).await.into_connection());
            }
        }
        let each = resident_bytes().saturating_sub(before) / 200;
        assert!(each < 64 * 1024, "{each}");
    }

    #[tokio::test]
    async fn invariant_11_slow_readers_hold_nobody_up_lose_nothing_and_cost_no_memory() {
        let _counting = COUNTING.lock().await;
        let sidecar = Running::start().await;
        let chat = sidecar.session().await;
        let mut quick = sidecar.live_socket(&chat).await;
        let mut slow = Vec::new();
        for _ in 0..9 {
            slow.push(sidecar.live_socket(&chat).await);
        }
        let before = resident_bytes();
        // More than the sockets' buffers hold: 20 MB, for all nine 180 MB.
        let padding = "x".repeat(200_000);
        for number in 0..100 {
            sidecar.say(&chat, &format!("{number} {padding}")).await;
            let event = quick.frame().await;
            assert!(text_of(&event).starts_with(&format!("{number} ")));
        }
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < 50_000_000, "{grown}");
        for sequence in 2..102 {
            assert_eq!(slow[0].frame().await["sequence"], sequence);
        }
    }
}
