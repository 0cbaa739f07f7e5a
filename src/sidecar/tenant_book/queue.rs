//! How the internal listener reaches the book of a sidecar that runs: one command after the other.

use baton_core::tenant::TenantKey;
use baton_genesys::Secret;
use baton_process::Shutdown;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::{TenantBook, TenantBookError, TenantCommand};

/// How many commands can wait.
const QUEUE: usize = 16;

type Answer<T> = Result<T, TenantBookError>;

/// What the book does for the internal listener, and where the answer goes.
enum Order {
    CarryOut(TenantCommand, oneshot::Sender<Answer<Value>>),
    NewSecret(TenantKey<'static>, oneshot::Sender<Answer<Secret>>),
}

/// Takes commands for the book.
#[derive(Clone)]
pub(crate) struct TenantOrders(Option<mpsc::Sender<Order>>);

/// Takes commands for this book, until the process stops; refuses them all where there is none.
pub(crate) fn tenant_orders(book: Option<TenantBook>, shutdown: Shutdown) -> TenantOrders {
    let Some(book) = book else { return TenantOrders(None) };
    let (orders, queue) = mpsc::channel(QUEUE);
    tokio::spawn(run(book, queue, shutdown));
    TenantOrders(Some(orders))
}

async fn run(mut book: TenantBook, mut queue: mpsc::Receiver<Order>, mut shutdown: Shutdown) {
    loop {
        let order = tokio::select! {
            () = shutdown.begun() => return,
            order = queue.recv() => order,
        };
        // Whoever has gone does not hear the answer.
        match order {
            Some(Order::CarryOut(command, answer)) => {
                let _ = answer.send(book.carry_out(command).await);
            }
            Some(Order::NewSecret(key, answer)) => {
                let _ = answer.send(book.new_secret(&key).await);
            }
            None => return,
        }
    }
}

impl TenantOrders {
    /// Has the book carry the command out.
    pub(crate) async fn carry_out(&self, command: TenantCommand) -> Answer<Value> {
        self.ask(|answer| Order::CarryOut(command, answer)).await
    }

    /// The new secret of a rotation, for Genesys to sign with, once every edge has it.
    pub(crate) async fn new_secret(&self, key: TenantKey<'static>) -> Answer<Secret> {
        self.ask(|answer| Order::NewSecret(key, answer)).await
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<Answer<T>>) -> Order) -> Answer<T> {
        let Some(orders) = &self.0 else { return Err(TenantBookError::NoMasterKey) };
        let (answer, done) = oneshot::channel();
        orders.send(order(answer)).await.map_err(|_| TenantBookError::Stopping)?;
        done.await.unwrap_or(Err(TenantBookError::Stopping))
    }
}
