//! The load: a fixed number of requests over connections that stay open, each answer checked.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};

use crate::{Result, connection::Connection};

/// For how long one call of [`Load::send`] may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Open connections to a server.
#[derive(Debug)]
pub(crate) struct Load(Vec<Connection>);

impl Load {
    /// Opens so many connections.
    pub(crate) async fn open(address: SocketAddr, count: usize) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Connection::open(address).await?);
        }
        Ok(Self(connections))
    }

    /// Sends the request at least `count` times, as often on each connection, and gives the
    /// number.
    ///
    /// # Errors
    ///
    /// An answer that is not 200, or none.
    pub(crate) async fn send(&mut self, request: &Arc<[u8]>, count: usize) -> Result<usize> {
        let connections = self.0.len();
        let each = count.div_ceil(connections);
        let mut tasks = JoinSet::new();
        for mut connection in self.0.drain(..) {
            let request = Arc::clone(request);
            tasks.spawn(async move {
                for _ in 0..each {
                    let status = connection.exchange(&request).await?.status;
                    if status != 200 {
                        return Err(format!("a good webhook was answered {status}").into());
                    }
                }
                Result::Ok(connection)
            });
        }
        timeout(PATIENCE, async {
            while let Some(connection) = tasks.join_next().await {
                self.0.push(connection??);
            }
            Result::Ok(())
        })
        .await
        .map_err(|_| "the requests took too long")??;
        Ok(each * connections)
    }
}

/// The status of the answer to one request on a connection of its own.
pub(crate) async fn status_of(address: SocketAddr, request: &[u8]) -> Result<u16> {
    let exchange = async {
        let mut connection = Connection::open(address).await?;
        let status = connection.exchange(request).await?.status;
        Ok(status)
    };
    timeout(PATIENCE, exchange).await?
}
