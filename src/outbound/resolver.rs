//! Names become addresses that were checked.

use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use tower_service::Service;

use crate::{reserved::Reserved, url::Reach};

/// How many look-ups of one client go on at a time. Each blocks a thread for as long as the
/// operating system waits for the name's servers, whoever has given it up meanwhile.
const MOST_OF_A_CLIENT: usize = 8;

/// The places for the look-ups of all clients together: half of the threads that Tokio has for what
/// blocks, since others need them too.
static OF_ALL_CLIENTS: Semaphore = Semaphore::const_new(256);

/// Asks for the addresses of a name, and blocks until they are there.
type LookUp = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Resolves names, and gives no address to which they must not lead. What it gives is what is
/// connected to: a name that is resolved anew for the connection could lead elsewhere.
#[derive(Clone)]
pub(crate) struct Resolver {
    reach: Reach,
    /// How long a name may take, what it waits for its turn included.
    patience: Duration,
    look_up: Arc<LookUp>,
    places: Arc<Semaphore>,
}

/// Why a name has no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// It leads where it must not.
    #[error("it leads to {0}")]
    Reserved(Reserved),
    /// The operating system has none, for this reason.
    #[error("its name cannot be resolved: {0}")]
    System(io::Error),
    /// There is none.
    #[error("its name has no address")]
    Nothing,
    /// It took too long.
    #[error("its name took longer than {0:?} to resolve")]
    TooSlow(Duration),
}

impl Resolver {
    /// Resolves as the operating system does.
    pub(crate) fn system(reach: Reach, patience: Duration) -> Self {
        Self::new(reach, patience, |name| Ok((name, 0).to_socket_addrs()?.collect()))
    }

    pub(crate) fn new(
        reach: Reach,
        patience: Duration,
        look_up: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        let places = Arc::new(Semaphore::new(MOST_OF_A_CLIENT));
        Self { reach, patience, look_up: Arc::new(look_up), places }
    }

    async fn resolve(self, name: Name) -> Result<vec::IntoIter<SocketAddr>, ResolveError> {
        let (reach, patience) = (self.reach, self.patience);
        let addresses = timeout(patience, self.addresses(name)).await;
        let addresses = addresses.map_err(|_| ResolveError::TooSlow(patience))?;
        checked(addresses.map_err(ResolveError::System)?, reach)
    }

    async fn addresses(self, name: Name) -> io::Result<Vec<SocketAddr>> {
        // Neither semaphore is ever closed.
        let place = self.places.acquire_owned().await.ok();
        let place_of_all = OF_ALL_CLIENTS.acquire().await.ok();
        spawn_blocking(move || {
            // The places are the thread's: it goes on when nobody waits for it any more.
            let _places = (place, place_of_all);
            (self.look_up)(name.as_str())
        })
        .await?
    }
}

/// All of the addresses, or none: a name with public and reserved ones is no honest one, and
/// which of them is connected to would be left to chance.
fn checked(
    addresses: Vec<SocketAddr>,
    reach: Reach,
) -> Result<vec::IntoIter<SocketAddr>, ResolveError> {
    for address in &addresses {
        reach.check(address.ip()).map_err(ResolveError::Reserved)?;
    }
    match addresses.is_empty() {
        true => Err(ResolveError::Nothing),
        false => Ok(addresses.into_iter()),
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ResolveError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().resolve(name))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Resolver").field("reach", &self.reach).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::task::JoinSet;

    use super::*;

    fn resolve(addresses: &[&str], reach: Reach) -> Result<usize, ResolveError> {
        let addresses = addresses.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0));
        checked(addresses.collect(), reach).map(|addresses| addresses.len())
    }

    #[test]
    fn public_addresses_pass() {
        assert_eq!(resolve(&["8.8.8.8", "2606:4700:4700::1111"], Reach::Public).unwrap(), 2);
    }

    #[test]
    fn one_reserved_address_spoils_the_public_ones_wherever_it_stands() {
        for addresses in [
            ["8.8.8.8", "10.0.0.1"],
            ["10.0.0.1", "8.8.8.8"],
            ["2606:4700:4700::1111", "::ffff:10.0.0.1"],
        ] {
            let refused = resolve(&addresses, Reach::Public).unwrap_err();
            assert!(matches!(refused, ResolveError::Reserved(_)), "{addresses:?}");
            assert_eq!(resolve(&addresses, Reach::PrivateToo).unwrap(), 2);
        }
    }

    #[test]
    fn a_name_without_an_address_is_an_error() {
        for reach in [Reach::Public, Reach::PrivateToo] {
            assert!(matches!(resolve(&[], reach), Err(ResolveError::Nothing)));
        }
    }

    #[tokio::test]
    async fn invariant_11_look_ups_that_hang_hold_a_few_threads_and_nobody_waits_for_ever() {
        let (begun, beginnings) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let ends = std::sync::Mutex::new(ends);
        let mut resolver = Resolver::new(Reach::Public, Duration::from_millis(100), move |_| {
            begun.send(()).unwrap();
            // Until the test is over.
            let _ = ends.lock().unwrap().recv();
            Ok(vec![SocketAddr::new([8, 8, 8, 8].into(), 0)])
        });
        let name = || "bot.example.org".parse::<Name>().unwrap();
        let mut calls = JoinSet::new();
        for _ in 0..3 * MOST_OF_A_CLIENT {
            calls.spawn(resolver.call(name()));
        }
        for call in calls.join_all().await {
            assert!(matches!(call, Err(ResolveError::TooSlow(_))));
        }
        for _ in 0..MOST_OF_A_CLIENT {
            beginnings.recv_timeout(Duration::from_secs(10)).unwrap();
        }
        assert!(beginnings.try_recv().is_err());
        drop(end);
        resolver.patience = Duration::from_secs(10);
        assert_eq!(resolver.call(name()).await.unwrap().count(), 1);
    }
}
