//! A restart with many open sessions: how soon the first client is back, and how soon all are.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{
    Home, Size,
    client::Session,
    crowd::{self, Crowd},
    home::{Ending, Process},
    sockets::House,
};
use crate::Result;

/// The sequence after which each client goes on: it has seen how its session began.
const CURSOR: u64 = 1;

/// What lies between two tries to connect.
const AGAIN: Duration = Duration::from_millis(5);

/// What was found.
#[derive(Debug)]
pub(crate) struct Restart {
    /// How the process before ended.
    pub(crate) after: Ending,
    /// From the start of the process until the first client went on.
    pub(crate) ready: Duration,
    /// From the start of the process until all did.
    pub(crate) all_back: Duration,
}

/// Ends the process in each way, and starts it again.
pub(crate) async fn measure(home: &Home, size: &Size, house: House) -> Result<Vec<Restart>> {
    let House { mut process, sessions, mut crowd } = house;
    let mut restarts = Vec::new();
    for after in Ending::ALL {
        eprintln!("restart after {}", after.name());
        process.end(after).await?;
        drop(crowd);
        let start = Instant::now();
        process = home.spawn()?;
        connect_first(home, &mut process, &sessions, start).await?;
        let ready = start.elapsed();
        crowd = Crowd::open(home.chat, &sessions, CURSOR, size.heartbeat).await?;
        restarts.push(Restart { after, ready, all_back: start.elapsed() });
    }
    Ok(restarts)
}

/// Connects one client, as soon as that goes.
async fn connect_first(
    home: &Home,
    process: &mut Process,
    sessions: &[Session],
    start: Instant,
) -> Result<()> {
    let session = sessions.last().ok_or("there are no sessions")?;
    while crowd::open(home.chat, session, CURSOR).await.is_err() {
        process.check(start)?;
        sleep(AGAIN).await;
    }
    Ok(())
}
