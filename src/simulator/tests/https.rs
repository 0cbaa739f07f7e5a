//! Webhooks over TLS.

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use baton_simulator::Configuration;
    use baton_simulator::delivery::{Outcome, Sender, SignedBody};
    use baton_tests_certificates::{Authority, Pair};
    use rustls::ServerConfig;
    use rustls::crypto::ring;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    fn acceptor(pair: &Pair) -> TlsAcceptor {
        let certificates = CertificateDer::pem_file_iter(&pair.certificate).unwrap();
        let certificates = certificates.collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
        let configuration = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates, key);
        TlsAcceptor::from(Arc::new(configuration.unwrap()))
    }

    /// Answers 200 to whatever comes over TLS, and says where.
    async fn receiver(authority: &Authority, folder: &Path) -> String {
        let acceptor = acceptor(&authority.pair(folder, "IP:127.0.0.1"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/events", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let Ok(mut connection) = acceptor.accept(connection).await else { continue };
                let mut begin = [0; 64];
                let length = connection.read(&mut begin).await.unwrap();
                assert!(begin[..length].starts_with(b"POST /events HTTP/1.1\r\n"));
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                connection.write_all(answer).await.unwrap();
            }
        });
        url
    }

    /// What becomes of a webhook to this URL, where this authority alone is trusted.
    async fn deliver(url: &str, trusted: &Authority) -> Outcome {
        let mut configuration = Configuration::new(url, "at-least-16-chars-long");
        configuration.time_scale = 0.0;
        let pem = std::fs::read(trusted.certificate()).unwrap();
        configuration.authorities = Some(baton_tls::authorities_in(&pem).unwrap());
        let signed = SignedBody { body: "{}".into(), signature: None };
        Sender::new(&configuration).unwrap().deliver(&signed, |_| ()).await
    }

    #[tokio::test]
    async fn a_receiver_is_taken_to_be_the_one_that_a_trusted_authority_says() {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        let url = receiver(&authority, folder.path()).await;
        assert_eq!(deliver(&url, &authority).await, Outcome::Delivered);

        let Outcome::Failed(info) = deliver(&url, &Authority::new()).await else {
            panic!("nobody knows that receiver");
        };
        assert!(info.text.contains("invalid peer certificate"), "{}", info.text);
    }
}
