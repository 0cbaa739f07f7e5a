//! `baton serve` on other listeners than loopback in cleartext.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Read, Write},
        net::TcpStream,
        os::unix::fs::PermissionsExt,
        path::Path,
        process::Command,
        sync::Arc,
    };

    use baton_tests_certificates::Authority;
    use rustls::{
        ClientConfig, ClientConnection, RootCertStore, StreamOwned,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };

    use crate::command::{PATIENCE, Running, baton, ended};

    const ADMIN_CREDENTIAL: &str = "fedcba9876543210fedcba9876543210";

    /// `baton serve` with these lines first in its configuration.
    fn serve(directory: &Path, sections: &str) -> Command {
        let path = directory.join("baton.toml");
        let store = directory.join("baton.db");
        fs::write(&path, format!("store.path = '{}'\n{sections}", store.display())).unwrap();
        let mut command = baton(&["serve", "--config", path.to_str().unwrap()]);
        command
            .env("BATON_DELIVERY_CREDENTIAL", "0123456789abcdef0123456789abcdef")
            .env("BATON_ADMIN_CREDENTIAL", ADMIN_CREDENTIAL)
            // What a test does not speak of is at a free port.
            .env("BATON__OBSERVATION__LISTEN", "127.0.0.1:0");
        command
    }

    #[test]
    fn an_address_that_others_reach_is_not_served_in_cleartext_by_accident() {
        let directory = tempfile::tempdir().unwrap();
        for (section, key) in [
            ("chat.listen = '0.0.0.0:0'", "chat.listen is no loopback address"),
            ("internal.listen = '[::]:0'", "internal.listen is no loopback address"),
            ("edge.listen = '192.0.2.1:0'", "edge.listen is no loopback address"),
            ("application.listen = '0.0.0.0:0'", "application.listen is no loopback address"),
        ] {
            ended(&mut serve(directory.path(), section)).assert_failed(64, key);
        }
        let mut command = serve(directory.path(), "");
        command.env("BATON__OBSERVATION__LISTEN", "0.0.0.0:0");
        ended(&mut command).assert_failed(64, "is no loopback address");
    }

    #[test]
    fn a_certificate_that_cannot_be_used_is_wrong_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let (empty, missing) = (directory.path().join("empty"), "/no/such/tls.crt");
        fs::write(&empty, "").unwrap();
        for (certificate, says) in
            [(missing, "cannot read /no/such/tls.crt"), (empty.to_str().unwrap(), "in PEM")]
        {
            let sections = format!(
                "[chat]\nlisten = '127.0.0.1:0'\n\
                 tls = {{ certificate = '{certificate}', key = '{certificate}' }}"
            );
            ended(&mut serve(directory.path(), &sections)).assert_failed(64, says);
            assert!(!directory.path().join("baton.db").exists(), "the store is not touched");
        }
    }

    #[test]
    fn chat_clients_are_served_over_tls() {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let pair = authority.pair(directory.path(), "DNS:localhost");
        let sections = format!(
            "[chat]\nlisten = '127.0.0.1:0'\ntls = {{ certificate = '{}', key = '{}' }}\n\
             [internal]\nlisten = '127.0.0.1:0'",
            pair.certificate.display(),
            pair.key.display()
        );
        let sidecar = Running::start(&mut serve(directory.path(), &sections));
        let line = sidecar.line();
        let address = line.split("chat API https://").nth(1).unwrap().split(',').next().unwrap();
        let mut stream = over_tls(address, &authority);
        let request = "POST /api/v1/access-token HTTP/1.1\r\nhost: localhost\r\n\
                       content-length: 0\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
        sidecar.signal("TERM");
        assert_eq!(sidecar.ended().code, Some(0));
    }

    fn over_tls(address: &str, trusted: &Authority) -> StreamOwned<ClientConnection, TcpStream> {
        let mut authorities = RootCertStore::empty();
        authorities.add(CertificateDer::from_pem_file(trusted.certificate()).unwrap()).unwrap();
        let configuration = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(authorities)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(configuration), name).unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        StreamOwned::new(connection, stream)
    }

    #[test]
    fn operators_reach_a_sidecar_on_a_unix_socket_that_goes_when_it_stops() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("internal.sock");
        let sections =
            format!("chat.listen = '127.0.0.1:0'\ninternal.listen = 'unix:{}'\n", socket.display());
        // Twice: one that was killed leaves its socket behind.
        for signal in ["KILL", "TERM"] {
            let sidecar = Running::start(&mut serve(directory.path(), &sections));
            assert!(sidecar.line().ends_with(&format!("operators unix:{}", socket.display())));
            assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
            let url = format!("unix:{}", socket.display());
            let mut command = baton(&["dead-letter", "list", "--sidecar", &url]);
            let listed = ended(command.env("BATON_ADMIN_CREDENTIAL", ADMIN_CREDENTIAL));
            assert_eq!(listed.code, Some(0), "{}", listed.errors);
            sidecar.signal(signal);
            sidecar.ended();
            assert_eq!(socket.exists(), signal == "KILL");
        }
    }
}
