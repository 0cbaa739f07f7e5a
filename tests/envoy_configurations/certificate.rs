//! A certificate for `edge.example`, made by `openssl` for one test.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

/// The certificate and its key, in a folder of their own.
pub(crate) struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// One that was made now, and signed by itself.
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Self { folder };
        let output = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=edge.example"])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-addext", "subjectAltName=DNS:edge.example"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-out")
            .arg(made.chain())
            .arg("-keyout")
            .arg(made.key())
            .output()
            .expect("openssl has to be on the PATH");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made
    }

    /// The folder of both.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The file of the certificate.
    pub(crate) fn chain(&self) -> PathBuf {
        self.folder.path().join("tls.crt")
    }

    /// The file of its key.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("tls.key")
    }

    /// The secret that the front proxy ships, with these files in it.
    pub(crate) fn secret(&self) -> PathBuf {
        let shipped = crate::shipped::root().join("envoy/front-proxy/certificate.yaml");
        let text = fs::read_to_string(shipped).expect("the shipped certificate.yaml");
        assert_eq!(text.matches("/etc/baton/tls").count(), 3, "{text}");
        let text = text.replace("/etc/baton/tls", &self.folder().display().to_string());
        let file = self.folder.path().join("certificate.yaml");
        fs::write(&file, text).expect("a file");
        file
    }
}
