//! What the timeline is fed from.

use std::sync::Arc;

use baton_chat::{Passing, PassingEvent};
use baton_process::Shutdown;
use baton_simulator::feed::{Feed, Happening};
use baton_store::{AppendedEvent, Store};
use jiff::Timestamp;
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use crate::{record::Record, timeline::timestamp};

/// What happens at Genesys, and in the chats.
pub struct Feeds {
    genesys: Receiver<Arc<Happening>>,
    chats: Receiver<Arc<AppendedEvent>>,
    passing: Receiver<Arc<PassingEvent>>,
    store: Store,
}

/// Something that one of the feeds told.
enum News {
    Genesys(Arc<Happening>),
    Chat(Arc<AppendedEvent>),
    Passing(Arc<PassingEvent>),
}

impl Feeds {
    /// Listens from now on: nothing that happens later is missed.
    pub fn new(genesys: &Feed, store: Store, passing: &Passing) -> Self {
        let (genesys, passing) = (genesys.listen(), passing.listen());
        Self { genesys, chats: store.appended(), passing, store }
    }

    /// Writes everything down until the process stops or a feed has ended.
    pub(crate) async fn run(mut self, record: Record, mut shutdown: Shutdown) {
        loop {
            let first = tokio::select! {
                () = shutdown.begun() => return,
                happening = self.genesys.recv() => happening.map(News::Genesys),
                appended = self.chats.recv() => appended.map(News::Chat),
                passed = self.passing.recv() => passed.map(News::Passing),
            };
            let mut news = Vec::new();
            match first {
                Ok(first) => news.push(first),
                Err(RecvError::Lagged(missed)) => note_missed(missed),
                Err(RecvError::Closed) => return,
            }
            self.drain(&mut news);
            // Feeds that were told at the same time have one order all the same.
            news.sort_by_key(News::at);
            for piece in news {
                self.write(&record, &piece).await;
            }
        }
    }

    /// Takes what the feeds have told by now.
    fn drain(&mut self, news: &mut Vec<News>) {
        take(&mut self.genesys, News::Genesys, news);
        take(&mut self.chats, News::Chat, news);
        take(&mut self.passing, News::Passing, news);
    }

    async fn write(&self, record: &Record, news: &News) {
        match news {
            News::Genesys(happening) => record.write(|timeline| timeline.happened(happening)),
            News::Chat(appended) => {
                if appended.event.sequence == 1 {
                    self.introduce(record, &appended.session_id).await;
                }
                record.write(|timeline| timeline.appended(appended));
            }
            News::Passing(event) => record.write(|timeline| timeline.passed(event)),
        }
    }

    /// Tells the timeline by which id Genesys knows the end user of a session.
    async fn introduce(&self, record: &Record, session_id: &str) {
        match self.store.session(session_id).await {
            Ok(Some(session)) => record.write(|timeline| {
                timeline.session_began(session_id, &session.details.end_user_id);
            }),
            // One that is forgotten already belongs to nobody.
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the console does not learn whose a session is"),
        }
    }
}

impl News {
    fn at(&self) -> Timestamp {
        match self {
            Self::Genesys(happening) => happening.at,
            Self::Chat(appended) => timestamp(appended.at),
            Self::Passing(event) => timestamp(event.at),
        }
    }
}

fn take<T: Clone>(feed: &mut Receiver<T>, as_news: impl Fn(T) -> News, news: &mut Vec<News>) {
    loop {
        match feed.try_recv() {
            Ok(told) => news.push(as_news(told)),
            Err(TryRecvError::Lagged(missed)) => note_missed(missed),
            // One that has ended is seen at the next wait.
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        }
    }
}

fn note_missed(missed: u64) {
    tracing::warn!(missed, "the timeline has missed some of what happened");
}
