//! Names become addresses that were checked.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::net::lookup_host;
use tower_service::Service;

use crate::{reserved::Reserved, url::Reach};

type Promise<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Asks for the addresses of a name.
type LookUp = dyn Fn(String) -> Promise<io::Result<Vec<SocketAddr>>> + Send + Sync;

/// Resolves names, and gives no address to which they must not lead. What it gives is what is
/// connected to: a name that is resolved anew for the connection could lead elsewhere.
#[derive(Clone)]
pub(crate) struct Resolver {
    reach: Reach,
    look_up: Arc<LookUp>,
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
}

impl Resolver {
    /// Resolves as the operating system does.
    pub(crate) fn system(reach: Reach) -> Self {
        Self::new(reach, |name| {
            Box::pin(async move { Ok(lookup_host((name, 0)).await?.collect()) })
        })
    }

    pub(crate) fn new(
        reach: Reach,
        look_up: impl Fn(String) -> Promise<io::Result<Vec<SocketAddr>>> + Send + Sync + 'static,
    ) -> Self {
        Self { reach, look_up: Arc::new(look_up) }
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
    type Future = Promise<Result<Self::Response, ResolveError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.reach;
        let addresses = (self.look_up)(name.as_str().to_owned());
        Box::pin(async move { checked(addresses.await.map_err(ResolveError::System)?, reach) })
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Resolver").field("reach", &self.reach).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
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
}
