//! `baton setup` with somebody at the terminal, who is asked for what was not given.

#[cfg(test)]
#[cfg(feature = "simulator")]
mod command;

#[cfg(test)]
#[cfg(feature = "simulator")]
mod tests {
    use std::{
        io::{Read, Write},
        process::{Child, ChildStdin, Command, Stdio},
        sync::mpsc::{Receiver, channel},
        thread,
        time::Instant,
    };

    use crate::command::{PATIENCE, Running, baton};

    const CLIENT_SECRET: &str = "recognisable-secret-of-the-client";

    /// A simulated org in which nothing was set up, and its address.
    fn org() -> (Running, String) {
        let mut command = baton(&["simulate", "--listen", "127.0.0.1:0", "--time-scale", "0"]);
        command.args(["--webhook-url", "http://127.0.0.1:9/events", "--secret-env", "SECRET"]);
        command.args(["--oauth-client", &format!("whole:{CLIENT_SECRET}")]);
        let running = Running::start(command.env("SECRET", "at-least-16-chars-long"));
        let line = running.line();
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
        let address = format!("http://{address}");
        (running, address)
    }

    /// A command at a terminal of its own, which `script` of util-linux gives it.
    struct Terminal {
        child: Child,
        keyboard: ChildStdin,
        screen: Receiver<Vec<u8>>,
        /// Such as `/dev/pts/3`.
        device: String,
        shown: String,
        read: usize,
    }

    impl Terminal {
        fn start(arguments: &[&str]) -> Self {
            let baton = [&[env!("CARGO_BIN_EXE_baton")], arguments].concat().join(" ");
            let command = format!("tty; exec {baton}");
            let mut child = Command::new("script")
                .args(["--quiet", "--return", "--command", &command, "/dev/null"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let (keyboard, mut output) =
                (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            let (sender, screen) = channel();
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(length @ 1..) = output.read(&mut bytes) {
                    if sender.send(bytes[..length].to_vec()).is_err() {
                        return;
                    }
                }
            });
            let mut terminal = Self {
                child,
                keyboard,
                screen,
                device: String::new(),
                shown: String::new(),
                read: 0,
            };
            terminal.device = terminal.wait_for("\n").trim().to_owned();
            terminal
        }

        /// Waits for this to be shown, and gives what stands on the screen before it.
        fn wait_for(&mut self, text: &str) -> String {
            let place = loop {
                match self.shown[self.read..].find(text) {
                    Some(place) => break self.read + place,
                    None => self.read_more(text),
                }
            };
            let before = self.shown[self.read..place].to_owned();
            self.read = place + text.len();
            before
        }

        fn read_more(&mut self, awaited: &str) {
            let bytes = self.screen.recv_timeout(PATIENCE);
            let bytes = bytes.unwrap_or_else(|_| panic!("{awaited:?}: {}", self.shown));
            self.shown += &String::from_utf8_lossy(&bytes);
        }

        /// Waits for the question, and types the answer.
        fn answer(&mut self, question: &str, answer: &str) {
            self.wait_for(question);
            writeln!(self.keyboard, "{answer}").unwrap();
        }

        /// Waits for the question, and until what is typed is not shown: nobody types faster.
        fn answer_hidden(&mut self, question: &str, answer: &str) {
            self.wait_for(question);
            let device = ["-F", &self.device, "-a"];
            let until = Instant::now() + PATIENCE;
            loop {
                let settings = Command::new("stty").args(device).output().unwrap().stdout;
                if String::from_utf8_lossy(&settings).contains(" -echo ") {
                    break;
                }
                assert!(Instant::now() < until, "what is typed is shown");
            }
            writeln!(self.keyboard, "{answer}").unwrap();
        }

        /// The exit code, and all that was on the screen.
        fn ended(mut self) -> (Option<i32>, String) {
            while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
                self.shown += &String::from_utf8_lossy(&bytes);
            }
            let code = self.child.wait().unwrap().code();
            (code, std::mem::take(&mut self.shown))
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn at_a_terminal(address: &str) -> Terminal {
        let mut terminal = Terminal::start(&["setup", "--base-url", address, "--apply"]);
        terminal.answer("Id of the OAuth client", "whole");
        terminal.answer_hidden("Secret of the OAuth client: ", CLIENT_SECRET);
        terminal.answer("Public address of the edge", "chat.example.com");
        terminal.answer("give an address such as", "http://127.0.0.1:9");
        terminal.answer("Tenant, as account/project/environment", "acme/support/live");
        terminal.answer("its number above, or the name of a new one", "Web chat");
        terminal.answer("Agents' queue", "Agents");
        terminal.answer("Inbound flow", "inbound flow");
        terminal
    }

    #[test]
    fn what_is_not_given_is_asked_for_and_nothing_is_made_without_a_yes() {
        let (_org, address) = org();
        let mut terminal = at_a_terminal(&address);
        terminal.answer("Do that now? [y/N]", "");
        let (code, shown) = terminal.ended();
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("Nothing was changed."), "{shown}");
        assert!(!shown.contains("_SIGNATURE_SECRET"), "{shown}");

        let mut terminal = at_a_terminal(&address);
        terminal.answer("Do that now? [y/N]", "y");
        let (code, shown) = terminal.ended();
        assert_eq!(code, Some(0), "{shown}");
        for made in
            ["\"Web chat\": done", "queue \"Agents\": done", "routing \"Inbound flow\": done"]
        {
            assert!(shown.contains(made), "{made}: {shown}");
        }
        assert!(!shown.contains(CLIENT_SECRET), "a secret is not shown while it is typed");
    }

    #[test]
    fn without_a_client_the_region_is_chosen_from_a_list_and_the_checklist_follows() {
        let mut terminal = Terminal::start(&["setup"]);
        terminal.answer("eu-central-1     mypurecloud.de", "germany");
        terminal.answer("is not the domain of a Genesys region", "https://apps.mypurecloud.de/");
        terminal.answer("there is none yet", "");
        terminal.answer("Public address of the edge", "https://chat.example.com");
        terminal.answer("Tenant, as account/project/environment", "acme/support/live");
        terminal.answer("Name of the Open Messaging integration", "Web chat");
        terminal.answer("Agents' queue", "Web chat agents");
        let (code, shown) = terminal.ended();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("Admin > Integrations > OAuth"), "{shown}");
        assert!(shown.contains("goes to the queue \"Web chat agents\""), "{shown}");
    }
}
