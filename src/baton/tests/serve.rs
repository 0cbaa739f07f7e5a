//! `baton serve`, and a chat with it.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        path::Path,
        process::{Command, Stdio},
        thread,
        time::{Duration, Instant},
    };

    use crate::command::{PATIENCE, Running, baton, ended};

    const TOKEN: &str = "connector-token-of-acme-0123456789";

    fn configuration(directory: &Path, chat: &str) -> String {
        let path = directory.join("baton.toml");
        let text = format!(
            r#"
            [chat]
            listen = "{chat}"
            [internal]
            listen = "127.0.0.1:0"
            [edge]
            listen = "127.0.0.1:0"
            [observation]
            listen = "127.0.0.1:0"
            [store]
            path = "{}"
            [[tenants]]
            account_id = "acme"
            project_id = "support"
            client_env = "live"
            integration_id = "i1"
            connector_tokens = [{{ env = "CONNECTOR_TOKEN" }}]
            hosts = ["example.com"]
            "#,
            directory.join("baton.db").display()
        );
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn serve(configuration: &str) -> Command {
        let mut command = baton(&["serve", "--config", configuration]);
        command
            .env("BATON_DELIVERY_CREDENTIAL", "0123456789abcdef0123456789abcdef")
            .env("BATON_ADMIN_CREDENTIAL", "fedcba9876543210fedcba9876543210")
            .env("CONNECTOR_TOKEN", TOKEN);
        command
    }

    /// The same command, in a process that may have no more than so many files open.
    fn with_open_files(limit: u32, command: &Command) -> Command {
        let mut limited = Command::new("sh");
        limited
            .args(["-c", &format!("ulimit -n {limit} && exec \"$0\" \"$@\"")])
            .arg(command.get_program())
            .args(command.get_args())
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        limited
    }

    /// The URL of the chat API of a sidecar that has started.
    fn chat_url(sidecar: &Running) -> String {
        let line = sidecar.line();
        line.split("chat API ").nth(1).unwrap().split(',').next().unwrap().to_owned()
    }

    #[test]
    fn a_chat_begins_and_ends_and_the_sidecar_stops_when_told_to() {
        let directory = tempfile::tempdir().unwrap();
        let sidecar = Running::start(&mut serve(&configuration(directory.path(), "127.0.0.1:0")));
        let url = chat_url(&sidecar);
        let mut command = baton(&["chat", "--url", &url, "--token-env", "CONNECTOR_TOKEN"]);
        command.env("CONNECTOR_TOKEN", TOKEN).stdin(Stdio::piped());
        let mut chat = Running::start(&mut command);
        assert!(chat.line().starts_with("session "));
        chat.line_with("The session begins.");
        chat.type_line("/end");
        chat.line_with("The session has ended (REASON_USER_END).");
        assert_eq!(chat.ended().code, Some(0));
        sidecar.signal("TERM");
        let stopped = sidecar.ended();
        assert_eq!(stopped.code, Some(0), "{}", stopped.errors);
    }

    #[test]
    fn a_session_outlives_a_client_that_leaves_and_a_sidecar_that_restarts() {
        let directory = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let configuration = configuration(directory.path(), &free);
        let sidecar = Running::start(&mut serve(&configuration));
        let url = chat_url(&sidecar);
        let mut command = baton(&["chat", "--url", &url, "--token", TOKEN, "--show-session"]);
        let chat = Running::start(&mut command);
        chat.line();
        let watch = chat.line();
        chat.line_with("The session begins.");
        chat.signal("INT");
        assert_eq!(chat.ended().code, Some(0));
        sidecar.signal("INT");
        assert_eq!(sidecar.ended().code, Some(0));

        let sidecar = Running::start(&mut serve(&configuration));
        sidecar.line();
        let arguments: Vec<&str> = watch.split(' ').skip(1).collect();
        let chat = Running::start(&mut baton(&arguments));
        chat.line_with("The session begins.");
        chat.signal("TERM");
        assert_eq!(chat.ended().code, Some(0));
    }

    #[test]
    fn invariant_11_chat_clients_that_keep_all_connections_keep_no_delivery_out() {
        let directory = tempfile::tempdir().unwrap();
        let configuration = configuration(directory.path(), "127.0.0.1:0");
        let sidecar = Running::start(&mut with_open_files(100, &serve(&configuration)));
        let line = sidecar.line();
        let address = |before| line.split(before).nth(1).unwrap().split(',').next().unwrap();
        let idle: Vec<TcpStream> =
            (0..120).map(|_| TcpStream::connect(address("chat API http://")).unwrap()).collect();
        assert!(sidecar.error_line().contains("limit of open files"));

        // Often enough that the sidecar has taken all the idle ones that it takes.
        for _ in 0..200 {
            let mut edge = TcpStream::connect(address("operators http://")).unwrap();
            edge.set_read_timeout(Some(PATIENCE)).unwrap();
            edge.write_all(b"GET /internal/v1/tenants HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            let mut answer = [0; 12];
            edge.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 401");
        }
        drop(idle);
    }

    #[test]
    fn a_wrong_token_is_refused_with_what_the_server_says() {
        let directory = tempfile::tempdir().unwrap();
        let sidecar = Running::start(&mut serve(&configuration(directory.path(), "127.0.0.1:0")));
        let url = chat_url(&sidecar);
        let mut command = baton(&["chat", "--url", &url, "--token", "of-nobody-at-all"]);
        let failed = ended(&mut command);
        failed.assert_failed(1, "401 (Connector token does not exist)");
        assert!(!failed.errors.contains("of-nobody"));
    }

    #[test]
    fn a_wrong_configuration_is_named_by_file_and_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = configuration(directory.path(), "somewhere");
        ended(&mut serve(&path)).assert_failed(64, "chat.listen");
        ended(serve("/no/such.toml").env("BATON_LOG", "off"))
            .assert_failed(64, "baton config default");
        let mut command = serve(&configuration(directory.path(), "127.0.0.1:0"));
        ended(command.env_remove("CONNECTOR_TOKEN")).assert_failed(64, "CONNECTOR_TOKEN");
    }

    #[test]
    fn a_second_process_on_the_same_store_stops_with_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = configuration(directory.path(), "127.0.0.1:0");
        let first = Running::start(&mut serve(&path));
        first.line();
        ended(&mut serve(&path)).assert_failed(64, "in use by another process");
    }

    #[test]
    fn a_store_that_is_in_use_for_a_moment_does_not_keep_the_sidecar_from_starting() {
        let directory = tempfile::tempdir().unwrap();
        let path = configuration(directory.path(), "127.0.0.1:0");
        let first = Running::start(&mut serve(&path));
        first.line();
        let second = Running::start(&mut serve(&path));
        first.signal("TERM");
        assert_eq!(first.ended().code, Some(0));
        assert!(second.line().starts_with("serving: chat API"));
    }

    #[test]
    fn webhooks_are_taken_in_the_process_where_that_is_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = configuration(directory.path(), "127.0.0.1:0");
        let sidecar = Running::start(serve(&path).args(["--edge", "in-process"]));
        sidecar.line();
        let line = sidecar.line();
        let edge = line.strip_prefix("serving: webhooks http://").unwrap();
        let mut stream = TcpStream::connect(edge).unwrap();
        let path = "/webhooks/genesys/acme/support/live/events";
        write!(stream, "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
    }

    #[test]
    fn a_taken_port_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let path = configuration(directory.path(), &address.to_string());
        ended(&mut serve(&path)).assert_failed(1, &address.port().to_string());
    }

    #[test]
    fn a_sidecar_whose_store_keeps_it_waiting_stops_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = configuration(directory.path(), "127.0.0.1:0");
        // A tool has the file to itself.
        let tool = rusqlite::Connection::open(directory.path().join("baton.db")).unwrap();
        tool.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let sidecar = Running::start(&mut serve(&path));
        let lock = directory.path().join("baton.db.lock");
        let deadline = Instant::now() + PATIENCE;
        while !lock.exists() {
            assert!(Instant::now() < deadline, "it opens its store");
            thread::sleep(Duration::from_millis(5));
        }
        sidecar.signal("TERM");
        let ended = sidecar.ended();
        assert_eq!((ended.code, &*ended.output, &*ended.errors), (Some(0), "", ""));
    }

    #[test]
    fn the_default_configuration_can_be_served() {
        let printed = ended(&mut baton(&["config", "default"]));
        assert_eq!(printed.code, Some(0));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("baton.toml");
        // The default ports and file may be in use on this machine.
        let text = printed
            .output
            .replace(":8080", ":0")
            .replace(":8081", ":0")
            .replace(":8084", ":0")
            .replace("baton.db", directory.path().join("baton.db").to_str().unwrap());
        fs::write(&path, text).unwrap();
        let mut command = serve(path.to_str().unwrap());
        let sidecar = Running::start(command.args(["--log-format", "json"]));
        assert!(sidecar.line().starts_with("serving: "));
        assert!(sidecar.error_line().starts_with('{'));
        sidecar.signal("TERM");
        assert_eq!(sidecar.ended().code, Some(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn invariant_10_nobody_but_root_reads_the_environment_of_a_sidecar_or_makes_it_dump_core() {
        use std::os::unix::{
            fs::{MetadataExt, PermissionsExt, chown},
            process::CommandExt,
        };

        const NOBODY: u32 = 65_534;
        let directory = tempfile::tempdir().unwrap();
        let path = configuration(directory.path(), "127.0.0.1:0");
        let mut command = serve(&path);
        // As root, whose every process belongs to root, it is run by somebody else.
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            let binary = directory.path().join("baton");
            fs::copy(env!("CARGO_BIN_EXE_baton"), &binary).unwrap();
            fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
            chown(directory.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            let as_root = command;
            command = Command::new(&binary);
            command
                .args(as_root.get_args())
                .envs(as_root.get_envs().filter_map(|(name, value)| Some((name, value?))))
                .uid(NOBODY)
                .gid(NOBODY)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
        }
        let sidecar = Running::start(&mut command);
        sidecar.line();
        let of_process = |name| format!("/proc/{}/{name}", sidecar.id());
        for name in ["environ", "mem"] {
            assert_eq!(fs::metadata(of_process(name)).unwrap().uid(), 0, "{name}");
        }
        let limits = fs::read_to_string(of_process("limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let core: Vec<&str> = core.split_whitespace().skip(4).collect();
        assert_eq!(core, ["0", "0", "bytes"]);
    }

    #[test]
    fn a_log_filter_that_is_none_is_wrong_usage() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = serve(&configuration(directory.path(), "127.0.0.1:0"));
        ended(command.env("BATON_LOG", "=?")).assert_failed(2, "BATON_LOG");
    }
}
