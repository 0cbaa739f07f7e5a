//! Where the sockets of notification channels are opened.

use url::Url;

/// The host for sockets, or how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Streaming {
    /// Genesys names it in each channel, as a host under this domain of the region.
    Under(String),
    /// It is here, whatever a channel names: a simulator or a gateway. What comes before
    /// `/channels`.
    At(Url),
}

/// Why the `connectUri` of a channel is not connected to. Its path is a secret and not in here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConnectUriProblem {
    /// It is no address of a WebSocket.
    #[error("the address of the channel is none of a WebSocket")]
    NotAWebSocket,
    /// The secret in it would cross a network in the clear.
    #[error("the channel would be connected to {host} without encryption")]
    Plain {
        /// The host in it.
        host: String,
    },
    /// It carries a user or a password, which Genesys never gives.
    #[error("the address of the channel at {host} has a user in it")]
    User {
        /// The host in it.
        host: String,
    },
    /// It leads away from Genesys.
    #[error("the channel is at {host}, which is no host of {base}")]
    Elsewhere {
        /// The host in it.
        host: String,
        /// The domain of the region.
        base: String,
    },
}

impl Streaming {
    /// Where the channel with this `connectUri` is connected to (Genesys reference, 4.1).
    pub(super) fn address_of(&self, connect_uri: &str) -> Result<Url, ConnectUriProblem> {
        let given = Url::parse(connect_uri).map_err(|_| ConnectUriProblem::NotAWebSocket)?;
        let host = match (given.scheme(), given.host_str()) {
            ("ws" | "wss", Some(host)) => host.to_owned(),
            _ => return Err(ConnectUriProblem::NotAWebSocket),
        };
        match self {
            Self::Under(base) => {
                if given.scheme() != "wss" {
                    return Err(ConnectUriProblem::Plain { host });
                }
                if !given.username().is_empty() || given.password().is_some() {
                    return Err(ConnectUriProblem::User { host });
                }
                if !host.strip_suffix(base.as_str()).is_some_and(|before| before.ends_with('.')) {
                    return Err(ConnectUriProblem::Elsewhere { host, base: base.clone() });
                }
                Ok(given)
            }
            Self::At(here) => {
                let mut address = here.clone();
                address.set_path(&format!("{}{}", here.path().trim_end_matches('/'), given.path()));
                address.set_query(given.query());
                Ok(address)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> Streaming {
        Streaming::Under("mypurecloud.de".to_owned())
    }

    fn at(address: &str) -> Streaming {
        Streaming::At(Url::parse(address).unwrap())
    }

    #[test]
    fn a_channel_of_a_region_is_connected_to_where_genesys_says_and_nowhere_else() {
        let host = |host: &str| host.to_owned();
        let elsewhere = |host: &str| ConnectUriProblem::Elsewhere {
            host: host.to_owned(),
            base: "mypurecloud.de".to_owned(),
        };
        let genesys = "streaming.mypurecloud.de";
        let cases = [
            ("wss://streaming.mypurecloud.de/channels/id", Ok(())),
            ("wss://streaming.mypurecloud.de:443/channels/id?x=1", Ok(())),
            ("WSS://Streaming-2.eu.MyPureCloud.de/channels/id", Ok(())),
            (
                "ws://streaming.mypurecloud.de/channels/id",
                Err(ConnectUriProblem::Plain { host: host(genesys) }),
            ),
            (
                "wss://user@streaming.mypurecloud.de/channels/id",
                Err(ConnectUriProblem::User { host: host(genesys) }),
            ),
            (
                "wss://:password@streaming.mypurecloud.de/channels/id",
                Err(ConnectUriProblem::User { host: host(genesys) }),
            ),
            ("wss://mypurecloud.de/channels/id", Err(elsewhere("mypurecloud.de"))),
            ("wss://evilmypurecloud.de/channels/id", Err(elsewhere("evilmypurecloud.de"))),
            (
                "wss://streaming.mypurecloud.de.example/channels/id",
                Err(elsewhere("streaming.mypurecloud.de.example")),
            ),
            ("wss://streaming.mypurecloud.com/id", Err(elsewhere("streaming.mypurecloud.com"))),
            ("wss://127.0.0.1/channels/id", Err(elsewhere("127.0.0.1"))),
            ("https://streaming.mypurecloud.de/channels/id", Err(ConnectUriProblem::NotAWebSocket)),
            ("/channels/id", Err(ConnectUriProblem::NotAWebSocket)),
            ("", Err(ConnectUriProblem::NotAWebSocket)),
        ];
        for (connect_uri, expected) in cases {
            let expected = expected.map(|()| Url::parse(connect_uri).unwrap());
            assert_eq!(region().address_of(connect_uri), expected, "{connect_uri}");
        }
    }

    #[test]
    fn a_channel_at_an_address_of_ones_own_is_connected_to_there_and_nowhere_else() {
        let cases = [
            ("ws://127.0.0.1:8080/", "ws://127.0.0.1:8080/channels/id", "/channels/id"),
            ("ws://127.0.0.1:8080/", "wss://streaming.mypurecloud.de/channels/id", "/channels/id"),
            ("ws://127.0.0.1:8080/", "ws://user:password@elsewhere:9/channels/id", "/channels/id"),
            ("wss://gateway.example/genesys", "ws://x/channels/id?a=b", "/genesys/channels/id?a=b"),
            ("wss://gateway.example/genesys/", "wss://x:1/channels/id#f", "/genesys/channels/id"),
        ];
        for (here, connect_uri, path) in cases {
            let address = at(here).address_of(connect_uri).unwrap();
            let expected = Url::parse(here).unwrap().join(path).unwrap();
            assert_eq!(address, expected, "{connect_uri} at {here}");
        }
        let problem = at("wss://gateway.example").address_of("https://gateway.example/channels/id");
        assert_eq!(problem, Err(ConnectUriProblem::NotAWebSocket));
    }

    #[test]
    fn a_problem_shows_the_host_and_no_channel() {
        for connect_uri in [
            "ws://streaming.mypurecloud.de/channels/secret",
            "wss://secret:secret@streaming.mypurecloud.de/channels/secret",
            "wss://elsewhere.example/channels/secret?secret",
            "secret",
        ] {
            let problem = region().address_of(connect_uri).unwrap_err();
            let shown = format!("{problem} {problem:?}");
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
