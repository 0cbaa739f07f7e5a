//! Has channels: those that we made in an earlier life, as long as they exist, then new ones.

use std::collections::VecDeque;

use baton_process::Shutdown;
use tokio::sync::mpsc;

use super::{
    actor::Signal,
    address::{Address, ChannelId},
    effect::Acquired,
};
use crate::{CallError, Genesys};

/// Remembers which channels are ours: those that this process made with this store. A channel of
/// another process is never taken, for it would lose its socket.
///
/// A memory that fails says so in its own log. It costs no more than a channel: one that is not
/// remembered is left to expire.
pub trait ChannelMemory: Send + Sync + 'static {
    /// The ids of all channels that are remembered.
    fn load(&self) -> impl Future<Output = Vec<String>> + Send;
    /// Remembers a channel that was made.
    fn remember(&self, channel_id: &str) -> impl Future<Output = ()> + Send;
    /// Forgets a channel that is no more.
    fn forget(&self, channel_id: &str) -> impl Future<Output = ()> + Send;
}

/// What the supply is to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// To have a channel, for the one of this number.
    Acquire(usize),
    /// To forget the channel with this id.
    Forget(ChannelId),
}

/// Works on one order at a time, so that no two channels are made where one was enough.
pub(crate) struct Supply<M> {
    genesys: Genesys,
    memory: M,
    signals: mpsc::Sender<Signal>,
    /// Held until the last order is carried out: a channel that was made is to be remembered.
    shutdown: Shutdown,
    /// The channels of an earlier life that nobody has yet; `None` before they were looked up.
    spare: Option<VecDeque<Address>>,
    /// One that was made and cannot be connected to, for something stands between us and Genesys
    /// or says so. The next one would be no better, and Genesys has only so many.
    stranded: Option<ChannelId>,
}

impl<M: ChannelMemory> Supply<M> {
    /// Nothing looked up or made yet.
    pub(crate) fn new(
        genesys: Genesys,
        memory: M,
        signals: mpsc::Sender<Signal>,
        shutdown: Shutdown,
    ) -> Self {
        Self { genesys, memory, signals, shutdown, spare: None, stranded: None }
    }

    /// Works until nobody can order any more. After the shutdown has begun no channel is had.
    pub(crate) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Forget(channel_id) => self.memory.forget(channel_id.expose()).await,
                Order::Acquire(_) if self.shutdown.has_begun() => {}
                Order::Acquire(channel) => {
                    let Some(outcome) = self.acquire().await.transpose() else { continue };
                    let outcome = outcome.map_err(|error| error.to_string());
                    // The actor may be gone, and then nobody asks.
                    let _ = self.signals.send(Signal::Acquired { channel, outcome }).await;
                }
            }
        }
    }

    /// A channel; `None` if the shutdown has begun before one had to be made. One that is being
    /// made by then is remembered for the next life.
    async fn acquire(&mut self) -> Result<Option<Acquired>, CallError> {
        let spare = match self.spare.take() {
            Some(spare) => spare,
            None => self.remembered().await?,
        };
        if let Some(address) = self.spare.insert(spare).pop_front() {
            return Ok(Some(Acquired::Adopted(address)));
        }
        if let Some(address) = self.recovered().await? {
            return Ok(Some(Acquired::Made(address)));
        }
        if self.shutdown.has_begun() {
            return Ok(None);
        }
        self.make().await.map(|address| Some(Acquired::Made(address)))
    }

    async fn make(&mut self) -> Result<Address, CallError> {
        let made = self.genesys.create_channel().await?;
        self.memory.remember(made.id.expose()).await;
        if made.address.is_err() {
            self.stranded = Some(made.id);
        }
        made.address
    }

    /// The channel that could not be connected to, once it can be; `None` if there is no such
    /// channel, or no more.
    async fn recovered(&mut self) -> Result<Option<Address>, CallError> {
        let Some(stranded) = &self.stranded else { return Ok(None) };
        let existing = self.genesys.channels().await?;
        let found = existing.into_iter().find(|channel| channel.id == *stranded);
        let address = found.map(|channel| channel.address).transpose()?;
        self.stranded = None;
        Ok(address)
    }

    /// The remembered channels that still exist. The others are forgotten. None, if Genesys will
    /// not list them: the work begins with new ones, and the next life may find the old ones.
    async fn remembered(&self) -> Result<VecDeque<Address>, CallError> {
        let remembered = self.memory.load().await;
        if remembered.is_empty() {
            return Ok(VecDeque::new());
        }
        let mut existing = match self.genesys.channels().await {
            Err(error) if is_for_good(&error) => {
                tracing::warn!(
                    %error,
                    "no notification channel of an earlier life is used again: they cannot be \
                     listed"
                );
                return Ok(VecDeque::new());
            }
            outcome => outcome?,
        };
        existing.retain(|channel| remembered.iter().any(|id| id == channel.id.expose()));
        for channel_id in remembered {
            if !existing.iter().any(|channel| channel.id.expose() == channel_id) {
                self.memory.forget(&channel_id).await;
            }
        }
        existing.into_iter().map(|channel| channel.address).collect()
    }
}

/// Whether asking again would be answered the same way. A token that is refused (401) is renewed,
/// and then asking again makes sense.
fn is_for_good(error: &CallError) -> bool {
    let CallError::Genesys(error) = error else { return false };
    matches!(error.status, 400..=499) && !matches!(error.status, 401 | 408 | 425 | 429)
}
