//! Has channels: those that we made in an earlier life, as long as they exist, then new ones.

use std::collections::VecDeque;

use baton_process::Shutdown;
use tokio::sync::mpsc;

use super::{
    actor::Signal,
    effect::{Acquired, Address},
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
    Forget(String),
}

/// Works on one order at a time, so that no two channels are made where one was enough.
pub(crate) struct Supply<M> {
    pub(crate) genesys: Genesys,
    pub(crate) memory: M,
    pub(crate) signals: mpsc::Sender<Signal>,
    /// Held until the last order is carried out: a channel that was made is to be remembered.
    pub(crate) _shutdown: Shutdown,
}

impl<M: ChannelMemory> Supply<M> {
    /// Works until nobody can order any more.
    pub(crate) async fn run(self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut spare = None;
        while let Some(order) = orders.recv().await {
            match order {
                Order::Forget(channel_id) => self.memory.forget(&channel_id).await,
                Order::Acquire(channel) => {
                    let outcome = self.acquire(&mut spare).await;
                    let outcome = outcome.map_err(|error| error.to_string());
                    if self.signals.send(Signal::Acquired { channel, outcome }).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn acquire(&self, spare: &mut Option<VecDeque<Address>>) -> Result<Acquired, CallError> {
        let spare = match spare {
            Some(spare) => spare,
            None => spare.insert(self.remembered().await?),
        };
        if let Some(address) = spare.pop_front() {
            return Ok(Acquired::Adopted(address));
        }
        let address = self.genesys.create_channel().await?;
        self.memory.remember(&address.id).await;
        Ok(Acquired::Made(address))
    }

    /// The remembered channels that still exist. The others are forgotten.
    async fn remembered(&self) -> Result<VecDeque<Address>, CallError> {
        let remembered = self.memory.load().await;
        if remembered.is_empty() {
            return Ok(VecDeque::new());
        }
        let mut existing = self.genesys.channels().await?;
        existing.retain(|address| remembered.contains(&address.id));
        for channel_id in remembered {
            if !existing.iter().any(|address| address.id == channel_id) {
                self.memory.forget(&channel_id).await;
            }
        }
        Ok(existing.into())
    }
}
