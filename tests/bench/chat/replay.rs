//! The replay of a long session to a client that has seen nothing of it.

use std::time::{Duration, Instant};

use super::{
    Home, Size,
    client::{Session, Socket},
    edge::Edge,
    home::Ending,
    poster::{self, Pace},
};
use crate::{Result, memory};

/// For how long it may be waited for the last delivery to stand in the log.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was found.
#[derive(Debug)]
pub(crate) struct Replay {
    /// How long it took to write the session, one delivery for each event.
    pub(crate) written_in: Duration,
    /// How long it took to replay it.
    pub(crate) took: Duration,
    /// In how many batches it came.
    pub(crate) batches: usize,
    /// The resident memory of the process before.
    pub(crate) before_kib: u64,
    /// Its peak meanwhile.
    pub(crate) peak_kib: u64,
}

/// Writes a long session, and replays it.
pub(crate) async fn measure(home: &Home, size: &Size) -> Result<Replay> {
    eprintln!("replay of {} events", size.events);
    let process = home.start().await?;
    let session = Session::make(home, 1).await?.pop().ok_or("there is no session")?;
    let start = Instant::now();
    write(home, size, &session).await?;
    let written_in = start.elapsed();
    // What it took to write the session shall not hide what the replay takes.
    process.end(Ending::Stopped).await?;
    let process = home.start().await?;
    let before_kib = memory::resident_kib(&[process.id()])?;
    memory::forget_peak(process.id())?;
    let start = Instant::now();
    let batches = read(home, size, &session).await?;
    let took = start.elapsed();
    Ok(Replay { written_in, took, batches, before_kib, peak_kib: memory::peak_kib(process.id())? })
}

/// Brings the session to its length; its start is the first event.
async fn write(home: &Home, size: &Size, session: &Session) -> Result<()> {
    let end_user_id = home.end_user_id(session).await?;
    let edge = Edge::new(&home.tenants)?;
    let delivery = |number| {
        let text = format!("{number} Thank you for waiting, I am still looking into it.");
        edge.delivery(session.tenant, &end_user_id, &text)
    };
    let requests = (1..size.events).map(delivery).collect::<Result<_>>()?;
    let mut socket = Socket::open(home.chat, session, 0).await?;
    let written = async {
        let posted = poster::post(home.internal, requests, Pace::AsAnswered);
        let (posted, seen) = tokio::join!(posted, read_to(&mut socket, size.events));
        posted?;
        seen
    };
    tokio::time::timeout(PATIENCE, written).await.map_err(|_| "the session is not written")??;
    Ok(())
}

/// Reads the whole session on a new socket, and says in how many batches it came.
async fn read(home: &Home, size: &Size, session: &Session) -> Result<usize> {
    let mut socket = Socket::open(home.chat, session, 0).await?;
    read_to(&mut socket, size.events).await
}

/// Reads from the first event to the one of this sequence, with nothing left out and nothing
/// doubled, and says in how many frames they came.
async fn read_to(socket: &mut Socket, last: usize) -> Result<usize> {
    let (mut seen, mut frames) = (0, 0);
    while seen < last as u64 {
        let frame = socket.next().await?;
        frames += 1;
        let alone = frame.sequence;
        for sequence in frame.payload.events.iter().filter_map(|one| one.sequence).chain(alone) {
            if sequence != seen + 1 {
                return Err(format!("event {sequence} was sent after {seen}").into());
            }
            seen = sequence;
        }
    }
    Ok(frames)
}
