//! What is generated from the command line's own definition.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::Write,
        process::{Command, Stdio},
    };

    use crate::command::{baton, ended};

    /// The commands that the help names, without `help` itself.
    fn commands() -> Vec<String> {
        let help = ended(&mut baton(&["help"])).output;
        let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        let names = listed.lines().filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    }

    /// What a program says to this input: what went wrong. `None` where it is not installed.
    fn complaints(program: &str, arguments: &[&str], input: &str) -> Option<String> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        let mut complaints = String::from_utf8_lossy(&ended.stderr).into_owned();
        if !ended.status.success() {
            complaints += &ended.status.to_string();
        }
        Some(complaints)
    }

    #[test]
    fn each_shell_learns_every_command() {
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            let completions = ended(&mut baton(&["completions", shell]));
            assert_eq!(completions.code, Some(0), "{}", completions.errors);
            for command in commands() {
                assert!(completions.output.contains(&command), "{shell}: {command}");
            }
            if matches!(shell, "bash" | "zsh" | "fish") {
                let complaints = complaints(shell, &["-n"], &completions.output);
                assert_eq!(complaints.unwrap_or_default(), "", "{shell}");
            }
        }
        let refused = ended(&mut baton(&["completions", "cobol"]));
        assert_eq!(refused.code, Some(2));
    }

    #[test]
    fn each_command_has_a_manual_page_that_is_well_formed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        let written = ended(&mut baton(&["manual", "--directory", path]));
        assert_eq!((written.code, &*written.output), (Some(0), ""), "{}", written.errors);
        for command in commands() {
            assert!(directory.path().join(format!("baton-{command}.1")).exists(), "{command}");
        }
        assert!(directory.path().join("baton-config-check.1").exists());
        let printed = ended(&mut baton(&["manual"])).output;
        assert!(printed.contains(".TH baton 1"), "{printed}");
        let pages = fs::read_dir(&directory).unwrap();
        for page in pages.map(|page| fs::read_to_string(page.unwrap().path()).unwrap()) {
            let complaints = complaints("groff", &["-man", "-ww", "-Tutf8"], &page);
            assert_eq!(complaints.unwrap_or_default(), "", "{page}");
        }
        ended(&mut baton(&["manual", "--directory", "/no/such"])).assert_failed(1, "/no/such");
    }
}
