//! Operators' commands, and a sidecar whose internal listener speaks TLS.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{fs, net::TcpListener, path::Path};

    use baton_tests_certificates::{Authority, Pair};
    use tempfile::TempDir;

    use crate::command::{Ended, Running, baton, ended};

    const DELIVERY: &str = "0123456789abcdef0123456789abcdef";
    const ADMIN: &str = "fedcba9876543210fedcba9876543210";

    /// A sidecar with an authority of its own.
    struct Place {
        folder: TempDir,
        authority: Authority,
    }

    /// Whom a sidecar lets in.
    enum Clients {
        Everybody,
        /// Those who show a certificate of the authority.
        Certified,
    }

    impl Place {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), authority: Authority::new() }
        }

        fn path(&self, name: &str) -> String {
            text(&self.folder.path().join(name))
        }

        /// The file of the authority.
        fn authority(&self) -> String {
            text(&self.authority.certificate())
        }

        /// A sidecar that runs, whose certificate has this name, and its port.
        fn serve(&self, name: &str, clients: &Clients) -> (Running, String) {
            let Pair { certificate, key } = self.authority.pair(self.folder.path(), name);
            let (certificate, key) = (text(&certificate), text(&key));
            let client_ca = match clients {
                Clients::Everybody => String::new(),
                Clients::Certified => format!(", client_ca = '{}'", self.authority()),
            };
            let configuration = format!(
                "chat.listen = '127.0.0.1:0'\nobservation.listen = '127.0.0.1:0'\n\
                 store.path = '{}'\n[internal]\nlisten = '127.0.0.1:0'\n\
                 tls = {{ certificate = '{certificate}', key = '{key}'{client_ca} }}\n",
                self.path("baton.db")
            );
            fs::write(self.path("baton.toml"), configuration).unwrap();
            let running = Running::start(&mut self.command(&["serve"]));
            let line = running.line_with("operators https://127.0.0.1:");
            let port = line.rsplit(':').next().unwrap().to_owned();
            (running, port)
        }

        fn command(&self, arguments: &[&str]) -> std::process::Command {
            let configuration = ["--config", &self.path("baton.toml")];
            let mut command = baton(&[arguments, &configuration].concat());
            command.env("BATON_DELIVERY_CREDENTIAL", DELIVERY).env("BATON_ADMIN_CREDENTIAL", ADMIN);
            command
        }
    }

    fn text(path: &Path) -> String {
        path.to_str().unwrap().to_owned()
    }

    /// Lists the dead letters of the sidecar at this address, of which there are none.
    fn list(address: &str, options: &[&str]) -> Ended {
        ask(&["dead-letter", "list", "--sidecar", address], options)
    }

    fn ask(arguments: &[&str], options: &[&str]) -> Ended {
        ended(baton(&[arguments, options].concat()).env("BATON_ADMIN_CREDENTIAL", ADMIN))
    }

    fn assert_done(ended: &Ended) {
        assert_eq!((ended.code, &*ended.errors), (Some(0), ""));
    }

    #[test]
    fn a_sidecar_is_asked_over_tls_and_known_by_its_authority() {
        let place = Place::new();
        let (_sidecar, port) = place.serve("DNS:localhost", &Clients::Everybody);
        let url = format!("https://localhost:{port}");
        let authority = place.authority();
        assert_done(&list(&url, &["--ca-file", &authority]));
        let backup = place.path("backup.db");
        let backed_up =
            ask(&["store", "backup", &backup, "--sidecar", &url], &["--ca-file", &authority]);
        assert_done(&backed_up);
        assert!(backed_up.output.contains("is whole"), "{}", backed_up.output);
        // The system's authorities count where no file is named.
        let mut command = baton(&["dead-letter", "list", "--sidecar", &url]);
        let system = command.env("SSL_CERT_FILE", &authority).env_remove("SSL_CERT_DIR");
        assert_done(&ended(system.env("BATON_ADMIN_CREDENTIAL", ADMIN)));
    }

    #[test]
    fn a_sidecar_that_is_not_the_one_it_should_be_is_one_clear_line() {
        let place = Place::new();
        let (_sidecar, port) = place.serve("DNS:localhost", &Clients::Everybody);
        let (authority, stranger) = (place.authority(), Authority::new());
        let of_stranger = text(&stranger.certificate());
        let by_name = format!("https://localhost:{port}");
        let by_address = format!("https://127.0.0.1:{port}");
        list(&by_name, &["--ca-file", &of_stranger])
            .assert_failed(1, "its certificate is of no authority that is trusted here");
        list(&by_address, &["--ca-file", &authority])
            .assert_failed(1, "its certificate is for another host");
        list(&format!("http://127.0.0.1:{port}"), &[])
            .assert_failed(1, "with [internal.tls] its address begins with https://");
    }

    #[test]
    fn who_asks_for_tls_where_there_is_none_is_told_so() {
        let (place, folder) = (Place::new(), tempfile::tempdir().unwrap());
        let mut cleartext = baton(&["serve", "--config", &place.path("baton.toml")]);
        let configuration = format!(
            "chat.listen = '127.0.0.1:0'\ninternal.listen = '127.0.0.1:0'\n\
             observation.listen = '127.0.0.1:0'\nstore.path = '{}'",
            folder.path().join("baton.db").display()
        );
        fs::write(place.path("baton.toml"), configuration).unwrap();
        cleartext.env("BATON_DELIVERY_CREDENTIAL", DELIVERY).env("BATON_ADMIN_CREDENTIAL", ADMIN);
        let sidecar = Running::start(&mut cleartext);
        let line = sidecar.line_with("operators http://");
        let url = line.split("operators ").nth(1).unwrap().replace("http://", "https://");
        let authority = place.authority();
        list(&url, &["--ca-file", &authority]).assert_failed(1, "it does not speak TLS");
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", nobody.local_addr().unwrap());
        drop(nobody);
        list(&url, &["--ca-file", &authority]).assert_failed(1, "is it running");
    }

    #[test]
    fn a_sidecar_that_wants_certificates_lets_in_who_shows_one_of_its_authority() {
        let place = Place::new();
        let (_sidecar, port) = place.serve("DNS:localhost", &Clients::Certified);
        let url = format!("https://localhost:{port}");
        let authority = place.authority();
        let folder = tempfile::tempdir().unwrap();
        let asked = |shown: Option<Pair>| {
            let files = shown.map(|pair| (text(&pair.certificate), text(&pair.key)));
            let mut options = vec!["--ca-file", &*authority];
            if let Some((certificate, key)) = &files {
                options.extend(["--client-certificate", certificate, "--client-key", key]);
            }
            list(&url, &options)
        };
        let refused = "show it a certificate of its internal.tls.client_ca";
        asked(None).assert_failed(1, refused);
        asked(Some(Authority::new().pair(folder.path(), "DNS:operator"))).assert_failed(1, refused);
        assert_done(&asked(Some(place.authority.pair(folder.path(), "DNS:operator"))));
    }

    #[test]
    fn the_address_that_a_configuration_gives_is_called_over_tls_too() {
        let place = Place::new();
        let (_sidecar, port) = place.serve("IP:127.0.0.1", &Clients::Everybody);
        let check = |options: &[&str]| {
            let mut command = place.command(&[&["check"], options].concat());
            // The port that the system chose stands in no file.
            ended(command.env("BATON__INTERNAL__LISTEN", format!("127.0.0.1:{port}"))).output
        };
        let known = check(&["--ca-file", &place.authority()]);
        assert!(known.contains("✓ sidecar"), "{known}");
        let unknown = check(&[]);
        let says =
            format!("no answer from the sidecar at https://127.0.0.1:{port}: its certificate");
        assert!(unknown.contains(&says), "{unknown}");
    }

    #[test]
    fn files_that_are_of_no_use_are_wrong_usage() {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        let ca = text(&authority.certificate());
        let Pair { certificate, key } = authority.pair(folder.path(), "DNS:operator");
        let (certificate, key) = (text(&certificate), text(&key));
        let other = tempfile::tempdir().unwrap();
        let other_key = text(&authority.pair(other.path(), "DNS:other").key);
        let url = "https://127.0.0.1:1";
        list(url, &["--ca-file", "/no/such.crt"]).assert_failed(1, "cannot read /no/such.crt");
        list(url, &["--ca-file", &key]).assert_failed(2, "holds no certificate in PEM");
        let shown = ["--ca-file", &ca, "--client-certificate", &certificate, "--client-key"];
        list(url, &[&shown[..], &[&other_key]].concat()).assert_failed(2, "cannot be used with");
        list(url, &[&shown[..], &[&ca]].concat()).assert_failed(2, "holds no private key in PEM");
        list("http://127.0.0.1:1", &["--ca-file", &ca])
            .assert_failed(2, "it is for a sidecar that speaks TLS");
        for options in [["--client-certificate", &certificate], ["--client-key", &key]] {
            assert_eq!(list(url, &options).code, Some(2), "neither is of use alone");
        }
        let with_password = list("https://operator:geheim@127.0.0.1:1", &[]);
        assert_eq!(with_password.code, Some(2));
    }
}
