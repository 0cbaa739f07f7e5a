//! Posts deliveries as the edge does: each on a connection that is free, again until it is taken.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until},
};

use crate::{Result, connection::Connection};

/// How many deliveries are on their way at most, where their pace does not depend on the answers.
const CONNECTIONS: usize = 256;

/// The same where each answer brings the next.
const CONNECTIONS_WITHOUT_PACE: usize = 32;

/// When a delivery is posted again that was not taken.
const AGAIN: Duration = Duration::from_millis(20);

/// How often it is posted at most.
const TRIES: usize = 500;

/// How fast deliveries follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// So many in each second, whatever becomes of them.
    EachSecond(u32),
    /// The next as soon as one is answered.
    AsAnswered,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posted {
    /// Which one it was.
    pub(crate) number: usize,
    /// When it was due. It counts from there also if all connections were taken.
    pub(crate) posted: Instant,
    /// When the sidecar had stored it.
    pub(crate) answered: Instant,
    /// How often the sidecar asked for it again.
    pub(crate) repeated: usize,
}

/// Posts these requests, in order as far as there are connections.
pub(crate) async fn post(
    internal: SocketAddr,
    requests: Vec<Vec<u8>>,
    pace: Pace,
) -> Result<Vec<Posted>> {
    let connections = match pace {
        Pace::EachSecond(_) => CONNECTIONS,
        Pace::AsAnswered => CONNECTIONS_WITHOUT_PACE,
    };
    let queue = Queue { requests, pace, start: Instant::now(), next: AtomicUsize::new(0) };
    let queue = Arc::new(queue);
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let connection = Connection::open(internal).await?;
        workers.spawn(work(connection, Arc::clone(&queue)));
    }
    let mut all = Vec::with_capacity(queue.requests.len());
    while let Some(posted) = workers.join_next().await {
        all.extend(posted??);
    }
    Ok(all)
}

/// What is still to be posted.
struct Queue {
    requests: Vec<Vec<u8>>,
    pace: Pace,
    start: Instant,
    next: AtomicUsize,
}

impl Queue {
    /// The number of the next request, and when it is due; none if there is no other.
    fn take(&self) -> Option<(usize, &[u8], Instant)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let request = self.requests.get(number)?;
        let due = match self.pace {
            Pace::EachSecond(rate) => {
                self.start + Duration::from_secs_f64(number as f64 / f64::from(rate))
            }
            Pace::AsAnswered => Instant::now(),
        };
        Some((number, request, due))
    }
}

async fn work(mut connection: Connection, queue: Arc<Queue>) -> Result<Vec<Posted>> {
    let mut all = Vec::new();
    while let Some((number, request, due)) = queue.take() {
        let early = due > Instant::now();
        if early {
            sleep_until(due.into()).await;
        }
        // How late a timer wakes us is not the sidecar's fault; that all connections are taken is.
        let posted = if early { Instant::now() } else { due };
        let repeated = deliver(&mut connection, request).await?;
        all.push(Posted { number, posted, answered: Instant::now(), repeated });
    }
    Ok(all)
}

/// Posts a delivery until it is taken, and says how often it was not.
async fn deliver(connection: &mut Connection, request: &[u8]) -> Result<usize> {
    for repeated in 0..TRIES {
        match connection.exchange(request).await?.status {
            200 => return Ok(repeated),
            503 => sleep(AGAIN).await,
            status => return Err(format!("a delivery was answered {status}").into()),
        }
    }
    Err("the sidecar does not take a delivery, however often it is posted".into())
}
