//! A way through TLS: what speaks plainly with the tunnel speaks by TLS with who is behind it.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::certificate::Certificate;

/// The tunnel. It ends when it is dropped.
pub(crate) struct Tunnel {
    /// Where to speak plainly.
    pub(crate) address: SocketAddr,
    running: JoinHandle<()>,
}

impl Tunnel {
    /// One to this server, which has to show this certificate and to choose this protocol.
    pub(crate) async fn to(
        server: SocketAddr,
        certificate: &Certificate,
        protocol: &'static str,
    ) -> Self {
        let connector = TlsConnector::from(Arc::new(client(certificate, protocol)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let running = tokio::spawn(async move {
            loop {
                let (plain, _) = listener.accept().await.expect("a connection");
                tokio::spawn(carry(plain, connector.clone(), server, protocol));
            }
        });
        Self { address, running }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn carry(
    mut plain: TcpStream,
    connector: TlsConnector,
    server: SocketAddr,
    protocol: &'static str,
) {
    let stream = TcpStream::connect(server).await.expect("the server listens");
    let name = ServerName::try_from("edge.example").expect("a name");
    let mut secured = connector.connect(name, stream).await.expect("TLS with its certificate");
    assert_eq!(secured.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
    // However it ends, both ends see it.
    let _ = copy_bidirectional(&mut plain, &mut secured).await;
}

fn client(certificate: &Certificate, protocol: &str) -> ClientConfig {
    let versions: &[&SupportedProtocolVersion] = tokio_rustls::rustls::ALL_VERSIONS;
    let chain = CertificateDer::from_pem_file(certificate.chain()).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(chain).expect("a certificate");
    let mut client = ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    client
}
