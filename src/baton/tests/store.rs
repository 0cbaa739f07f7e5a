//! `baton store` and `baton dead-letter`, and a sidecar whose store has trouble.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{MetadataExt, PermissionsExt},
        path::Path,
        process::{Command, Stdio},
    };

    use reqwest::StatusCode;
    use serde_json::json;
    use tempfile::TempDir;

    use crate::command::{Ended, PATIENCE, Running, baton, ended};

    const DELIVERY: &str = "0123456789abcdef0123456789abcdef";
    const ADMIN: &str = "fedcba9876543210fedcba9876543210";

    /// A directory with a configuration in it.
    struct Place(TempDir);

    impl Place {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let place = Self(directory);
            let text = format!(
                "[chat]\nlisten = \"127.0.0.1:0\"\n[internal]\nlisten = \"127.0.0.1:0\"\n\
                 [observation]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"{}\"\n",
                place.path("baton.db")
            );
            fs::write(place.path("baton.toml"), text).unwrap();
            place
        }

        fn path(&self, name: &str) -> String {
            self.0.path().join(name).to_str().unwrap().to_owned()
        }

        fn serve(&self) -> Command {
            let mut command = baton(&["serve", "--config", &self.path("baton.toml")]);
            command.env("BATON_DELIVERY_CREDENTIAL", DELIVERY).env("BATON_ADMIN_CREDENTIAL", ADMIN);
            command
        }

        /// The names of what is there.
        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    /// A sidecar that has started.
    struct Sidecar {
        running: Running,
        url: String,
    }

    impl Sidecar {
        fn start(command: &mut Command) -> Self {
            let running = Running::start(command);
            let line = running.line_with("operators ");
            let url = line.split("operators ").nth(1).unwrap();
            let url = url.split([',', ' ']).next().unwrap().to_owned();
            Self { running, url }
        }

        /// Asks it something by a command.
        fn ask(&self, arguments: &[&str]) -> Ended {
            let sidecar = ["--sidecar", &self.url];
            ended(baton(&[arguments, &sidecar].concat()).env("BATON_ADMIN_CREDENTIAL", ADMIN))
        }

        /// Delivers a message of so many characters to nobody.
        fn deliver(&self, number: usize, length: usize) -> StatusCode {
            let id = format!("00000000-0000-8000-8000-{number:012x}");
            let body = json!({
                "specversion": "1.0",
                "id": id,
                "source": "/webhooks",
                "type": "baton.genesys.text",
                "subject": "nobody",
                "data": {
                    "tenant": {"account_id": "a", "project_id": "b", "client_env": "c"},
                    "genesys": {"message_id": id, "integration_id": "i"},
                    "events": [{
                        "id": id,
                        "timestamp": "2026-05-07T12:00:00.123Z",
                        "type": "EVENT_TYPE_LIVE_AGENT_MESSAGE",
                        "payload": {"text": "x".repeat(length)},
                    }],
                    "receipts": [], "lifecycle": [], "unhandled": [],
                },
            });
            let url = format!("{}/internal/v1/deliveries", self.url);
            let request = reqwest::Client::new().post(url).bearer_auth(DELIVERY).timeout(PATIENCE);
            let request = request.body(body.to_string());
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async { request.send().await.unwrap().status() })
        }

        fn stop(self) -> Ended {
            self.running.signal("TERM");
            self.running.ended()
        }
    }

    fn mode(path: &str) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn succeeded(ended: &Ended) -> &str {
        assert_eq!((ended.code, &*ended.errors), (Some(0), ""));
        &ended.output
    }

    #[test]
    fn a_running_store_is_backed_up_checked_and_restored_and_nothing_is_overwritten() {
        let place = Place::new();
        let (backup, restored) = (place.path("backup.db"), place.path("restored.db"));
        let sidecar = Sidecar::start(&mut place.serve());
        assert_eq!(sidecar.deliver(1, 10), StatusCode::OK);
        let before = place.names();
        assert!(succeeded(&sidecar.ask(&["store", "backup", &backup])).contains("is whole"));
        assert_eq!(mode(&backup), 0o600);
        assert_eq!(place.names().len(), before.len() + 1);
        sidecar.ask(&["store", "backup", &backup]).assert_failed(1, "not there yet");
        let writing = fs::File::create(place.path("second.db.partial")).unwrap();
        writing.lock().unwrap();
        let second = sidecar.ask(&["store", "backup", &place.path("second.db")]);
        second.assert_failed(1, "another command is writing it");
        drop(writing);
        fs::remove_file(place.path("second.db.partial")).unwrap();
        ended(&mut baton(&["store", "check", &place.path("baton.db")])).assert_failed(64, "in use");
        let into_itself = ["store", "restore", &backup, "--to", &place.path("baton.db")];
        ended(&mut baton(&into_itself)).assert_failed(64, "is there already");
        assert_eq!(sidecar.stop().code, Some(0));

        let check = ended(&mut baton(&["store", "check", &backup]));
        assert!(succeeded(&check).contains("0 sessions"));
        let restore = ended(&mut baton(&["store", "restore", &backup, "--to", &restored]));
        assert!(succeeded(&restore).contains("is restored"));
        assert_eq!(mode(&restored), 0o600);
        let copy = place.path("copy.db");
        let stopped = ["store", "backup", &copy, "--stopped", &place.path("baton.db")];
        succeeded(&ended(&mut baton(&stopped)));
        assert_eq!(mode(&copy), 0o600);
        fs::rename(&restored, place.path("baton.db")).unwrap();
        let sidecar = Sidecar::start(&mut place.serve());
        let letters = sidecar.ask(&["dead-letter", "list", "--json"]);
        assert!(succeeded(&letters).contains("\"kind\":\"delivery\""), "{}", letters.output);
    }

    #[test]
    fn dead_letters_are_listed_shown_replayed_and_discarded() {
        let place = Place::new();
        let sidecar = Sidecar::start(&mut place.serve());
        assert_eq!(sidecar.deliver(1, 3), StatusCode::OK);
        let listed = loop {
            let listed = sidecar.ask(&["dead-letter", "list"]);
            if !succeeded(&listed).is_empty() {
                break listed.output;
            }
        };
        assert!(listed.starts_with("1  ") && listed.contains("a/b/c"), "{listed}");
        assert!(!listed.contains("xxx"), "{listed}");
        let shown = sidecar.ask(&["dead-letter", "show", "1"]);
        assert!(succeeded(&shown).contains("xxx"));
        assert!(succeeded(&sidecar.ask(&["dead-letter", "replay", "1"])).contains("1 on the way"));
        sidecar.ask(&["dead-letter", "replay", "1"]).assert_failed(1, "no dead letter");
        sidecar.ask(&["dead-letter", "show", "77"]).assert_failed(1, "no dead letter");
        let discarded = sidecar.ask(&["dead-letter", "discard", "--all", "--kind", "message"]);
        assert!(succeeded(&discarded).contains("0 thrown away"));
        assert_eq!(sidecar.ask(&["dead-letter", "discard"]).code, Some(2));
        assert_eq!(sidecar.ask(&["dead-letter", "discard", "1", "--all"]).code, Some(2));
    }

    #[test]
    fn who_is_not_there_or_does_not_know_the_credential_is_one_clear_line() {
        let place = Place::new();
        let sidecar = Sidecar::start(&mut place.serve());
        let list = ["dead-letter", "list", "--sidecar"];
        let asked = |url: &str, credential: Option<&str>| {
            let mut command = baton(&[&list[..], &[url]].concat());
            match credential {
                Some(credential) => command.env("BATON_ADMIN_CREDENTIAL", credential),
                None => command.env_remove("BATON_ADMIN_CREDENTIAL"),
            };
            ended(&mut command)
        };
        asked(&sidecar.url, None).assert_failed(2, "BATON_ADMIN_CREDENTIAL is not set");
        asked(&sidecar.url, Some("wrong")).assert_failed(1, "does not take the credential");
        asked("http://127.0.0.1:1", Some(ADMIN)).assert_failed(1, "is it running");
        let file = place.path("credential");
        fs::write(&file, format!("{ADMIN}\n")).unwrap();
        let by_file = [&list[..], &[&sidecar.url, "--credential-file", &file]].concat();
        succeeded(&ended(&mut baton(&by_file)));
    }

    /// The command, started by another program that takes it as its last arguments.
    fn started_by(program: &str, arguments: &[&str], command: &Command) -> Command {
        let mut started = Command::new(program);
        started
            .args(arguments)
            .arg(command.get_program())
            .args(command.get_args())
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        started
    }

    /// The command in a process whose files may not grow beyond so many bytes, for now.
    fn with_largest_file(bytes: usize, command: &Command) -> Command {
        let blocks = bytes / 512;
        let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"");
        started_by("sh", &["-c", &script], command)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn invariant_3_a_full_disk_is_a_503_until_there_is_room_and_loses_nothing() {
        let place = Place::new();
        let sidecar = Sidecar::start(&mut with_largest_file(3 << 20, &place.serve()));
        let mut taken = Vec::new();
        let refused = (1..).find(|number| match sidecar.deliver(*number, 1 << 20) {
            StatusCode::OK => {
                taken.push(*number);
                *number > 50
            }
            status => {
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                true
            }
        });
        assert!(refused.unwrap() < 50, "there was room for all of them");
        assert!(!taken.is_empty());
        assert_eq!(sidecar.deliver(1000, 1 << 20), StatusCode::SERVICE_UNAVAILABLE);

        let pid = sidecar.running.id().to_string();
        let made_room = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
        assert!(made_room.unwrap().success());
        assert_eq!(sidecar.deliver(2000, 1 << 20), StatusCode::OK, "it recovers by itself");
        for number in taken.into_iter().chain([2000]) {
            let url = format!(
                "{}/internal/v1/deliveries/00000000-0000-8000-8000-{number:012x}",
                sidecar.url
            );
            let request = reqwest::Client::new().get(url).bearer_auth(ADMIN).timeout(PATIENCE);
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let status = runtime.block_on(async { request.send().await.unwrap().status() });
            assert_eq!(status, StatusCode::OK, "{number} was answered 200");
        }
        assert_eq!(sidecar.stop().code, Some(0));
        succeeded(&ended(&mut baton(&["store", "check", &place.path("baton.db")])));
    }

    /// The command bound by the permissions of files, which a superuser otherwise is not. It stays
    /// the same user: another one may not be let at the binary.
    fn bound_by_permissions(command: &Command, directory: &Path) -> Command {
        if fs::metadata(directory).unwrap().uid() == 0 {
            started_by("setpriv", &["--bounding-set=-dac_override,-dac_read_search"], command)
        } else {
            started_by("env", &[], command)
        }
    }

    #[test]
    fn a_store_that_cannot_be_written_is_one_clear_line_and_stays_as_it_is() {
        let place = Place::new();
        Sidecar::start(&mut place.serve()).stop();
        let before = fs::read(place.path("baton.db")).unwrap();
        for name in ["baton.db", "baton.db.lock", "baton.toml"] {
            fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o444)).unwrap();
        }
        let directory = place.0.path();
        fs::set_permissions(directory, fs::Permissions::from_mode(0o555)).unwrap();
        let served = ended(&mut bound_by_permissions(&place.serve(), directory));
        served.assert_failed(1, "can be written");
        let restore = ["store", "restore", &place.path("baton.db"), "--to", &place.path("new.db")];
        ended(&mut bound_by_permissions(&baton(&restore), directory))
            .assert_failed(1, "can be written");
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(fs::read(place.path("baton.db")).unwrap(), before);
    }

    #[test]
    fn a_store_that_is_damaged_is_one_clear_line_and_stays_as_it_is() {
        let place = Place::new();
        let store = place.path("baton.db");
        let sidecar = Sidecar::start(&mut place.serve());
        assert_eq!(sidecar.deliver(1, 100_000), StatusCode::OK);
        sidecar.stop();
        let whole = fs::read(&store).unwrap();
        let mut schema_lost = whole.clone();
        schema_lost[100..4096].fill(0xff);
        let mut cut_off = whole.clone();
        cut_off.truncate(whole.len() / 2);
        for damaged in [schema_lost, cut_off] {
            fs::write(&store, &damaged).unwrap();
            for command in [
                &mut baton(&["store", "check", &store]),
                &mut baton(&["store", "restore", &store, "--to", &place.path("new.db")]),
                &mut baton(&["store", "backup", &place.path("new.db"), "--stopped", &store]),
            ] {
                ended(command).assert_failed(1, "is damaged");
            }
            let served = ended(&mut place.serve());
            assert_eq!(served.code, Some(1), "{}", served.errors);
            assert!(served.errors.contains("is damaged"), "{}", served.errors);
            assert_eq!(fs::read(&store).unwrap(), damaged);
        }
        assert!(!place.names().contains(&"new.db".to_owned()));
    }
}
