//! A stream of deliveries: how long each takes until it is stored, and until its client sees it.

use std::{
    collections::HashMap,
    ops::Range,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::timeout;

use super::{
    Home, Size,
    client::{AT_ONCE, Session},
    crowd::{Crowd, Sight},
    disk,
    edge::Edge,
    poster::{self, Pace, Posted},
};
use crate::{Result, core_time::thread_ns, cpu_time::whole_process_ns, figures::Percentiles};

/// What an agent says, after a number.
const WORDS: &str = "Hello, this is Dana. I have looked into your order, and it is on its way.";

/// For how long it may be waited for the last to be seen.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was found.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Of how many tenants the deliveries were.
    pub(crate) tenants: usize,
    /// How many were measured.
    pub(crate) deliveries: usize,
    /// From posted to stored.
    pub(crate) stored: Percentiles,
    /// From posted to seen.
    pub(crate) seen: Percentiles,
    /// How long the disk alone took to append and sync, before the stream and after it.
    pub(crate) sync: Percentiles,
    /// How many were seen in a second.
    pub(crate) each_second: f64,
    /// How often the sidecar asked for a delivery again.
    pub(crate) repeated: usize,
    /// The sidecar's CPU time for each in microseconds.
    pub(crate) cpu_us: f64,
    /// The same of the clients and the edge.
    pub(crate) load_us: f64,
}

/// Deliveries that are to be posted.
struct Requests {
    /// The number of the first.
    first: usize,
    all: Vec<Vec<u8>>,
}

/// Clients on sockets, and what is needed to write to them.
struct Audience {
    edge: Edge,
    recipients: Vec<(Session, String)>,
    crowd: Crowd,
}

/// Posts the deliveries, and looks when they are seen.
pub(crate) async fn measure(home: &Home, size: &Size) -> Result<Stream> {
    eprintln!("{} deliveries a second, tenants: {}", size.rate, home.tenants.len());
    let process = home.start().await?;
    let mut audience = Audience::gather(home, size).await?;
    let mut sync = disk::sync_times(home.folder())?;
    let warm_up = size.deliveries_in(size.warm_up);
    let requests = audience.requests(0..warm_up)?;
    audience.write(home, size, requests).await?;
    let deliveries = warm_up..warm_up + size.deliveries_in(size.stream).max(1);
    let count = deliveries.len();
    let requests = audience.requests(deliveries)?;
    // The runtime has one thread, this one.
    let (before, load_before) = (whole_process_ns(process.id())?, thread_ns());
    let (posted, seen_at) = audience.write(home, size, requests).await?;
    let load_ns = thread_ns() - load_before;
    // Threads of the runtime that had nothing to do may have ended meanwhile.
    let cpu_ns = whole_process_ns(process.id())? - before;
    sync.extend(disk::sync_times(home.folder())?);

    let stored = posted.iter().map(|one| one.answered - one.posted).collect();
    let seen = posted.iter().filter_map(|one| Some(*seen_at.get(&one.number)? - one.posted));
    let first = posted.iter().map(|one| one.posted).min();
    let last = seen_at.values().max().copied();
    let whole = last.zip(first).map(|(last, first)| last - first).unwrap_or_default();
    Ok(Stream {
        tenants: home.tenants.len(),
        deliveries: count,
        stored: percentiles(stored)?,
        seen: percentiles(seen.collect())?,
        sync: percentiles(sync)?,
        each_second: count as f64 / whole.as_secs_f64(),
        repeated: posted.iter().map(|one| one.repeated).sum(),
        cpu_us: cpu_ns as f64 / 1e3 / count as f64,
        load_us: load_ns / 1e3 / count as f64,
    })
}

fn percentiles(times: Vec<Duration>) -> Result<Percentiles> {
    Ok(Percentiles::of(times).ok_or("nothing was timed")?)
}

impl Audience {
    async fn gather(home: &Home, size: &Size) -> Result<Self> {
        let sessions = Session::make(home, size.recipients).await?;
        let crowd = Crowd::open(home.chat, &sessions, 0, size.heartbeat).await?;
        let ids = sessions.iter().map(|session| home.end_user_id(session));
        let ids: Vec<_> = stream::iter(ids).buffered(AT_ONCE).try_collect().await?;
        let recipients = sessions.into_iter().zip(ids).collect();
        Ok(Self { edge: Edge::new(&home.tenants)?, recipients, crowd })
    }

    /// The deliveries of these numbers, to the clients in turn.
    fn requests(&self, numbers: Range<usize>) -> Result<Requests> {
        let first = numbers.start;
        let recipients = numbers.zip(self.recipients.iter().cycle());
        let all = recipients.map(|(number, (session, end_user_id))| {
            self.edge.delivery(session.tenant, end_user_id, &format!("{number} {WORDS}"))
        });
        Ok(Requests { first, all: all.collect::<Result<_>>()? })
    }

    /// Posts the deliveries, and waits until all are seen: what became of each, and when it was
    /// seen, by its place among them.
    async fn write(
        &mut self,
        home: &Home,
        size: &Size,
        Requests { first, all }: Requests,
    ) -> Result<(Vec<Posted>, HashMap<usize, Instant>)> {
        let count = all.len();
        let posted = poster::post(home.internal, all, Pace::EachSecond(size.rate)).await?;
        let seen = timeout(PATIENCE, self.see(first, count)).await;
        Ok((posted, seen.map_err(|_| "some deliveries are not seen")??))
    }

    /// Waits until so many deliveries from this number on are seen.
    async fn see(&mut self, first: usize, count: usize) -> Result<HashMap<usize, Instant>> {
        let mut seen = HashMap::with_capacity(count);
        while seen.len() < count {
            if let Sight::Message { text, at } = self.crowd.next().await? {
                let number = text.split(' ').next().unwrap_or_default().parse::<usize>()?;
                let place = number.checked_sub(first);
                if place.is_none_or(|place| seen.insert(place, at).is_some()) {
                    return Err(format!("delivery {number} was seen twice").into());
                }
            }
        }
        Ok(seen)
    }
}
