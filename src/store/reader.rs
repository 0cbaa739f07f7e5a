//! The threads that read. They share one queue: while one is at a long replay, another takes
//! what comes next.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::command::Order;

/// Carries out orders until the queue is closed and empty.
pub(crate) fn run(orders: &Mutex<mpsc::Receiver<Order>>, connection: &Connection) {
    loop {
        // The lock is held while the thread waits for an order and given back before it runs
        // it: the other threads stand in line for the next one.
        let order = {
            let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
            let order = orders.blocking_recv();
            if matches!(order, Some(Order::Stop)) {
                orders.close();
            }
            order
        };
        match order {
            Some(Order::Run(mut command)) => {
                // The command has kept the error for its caller.
                let _ = command.run(connection);
                command.answer(Ok(()));
            }
            Some(Order::Stop) => {}
            None => break,
        }
    }
}
