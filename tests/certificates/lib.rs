//! Certificates for tests: an authority that is made for one, and what it signs. `openssl` makes
//! them, which has to be on the `PATH`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test without certificates has failed")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// An authority, in a folder that goes with it.
#[derive(Debug)]
pub struct Authority(TempDir);

/// A certificate and its private key, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

impl Authority {
    /// One that nobody has ever heard of.
    ///
    /// # Panics
    ///
    /// If `openssl` does not make it.
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pair = Pair { certificate: certificate_in(&folder), key: key_in(&folder) };
        make(&pair, "/CN=An authority", &["basicConstraints=critical,CA:TRUE"], &[]);
        Self(folder)
    }

    /// The file of its own certificate, by which what it signs is known.
    pub fn certificate(&self) -> PathBuf {
        certificate_in(&self.0)
    }

    /// Writes a new certificate for this name, and its key, into `tls.crt` and `tls.key` of this
    /// folder. `name` is in openssl's words: `DNS:localhost`, `IP:127.0.0.1`.
    ///
    /// # Panics
    ///
    /// If `openssl` does not make it.
    pub fn pair(&self, folder: &Path, name: &str) -> Pair {
        let pair = Pair { certificate: folder.join("tls.crt"), key: folder.join("tls.key") };
        let (certificate, key) = (self.certificate(), key_in(&self.0));
        let signed = ["-CA".as_ref(), certificate.as_path(), "-CAkey".as_ref(), key.as_path()];
        let named = format!("subjectAltName={name}");
        make(&pair, "/CN=A test", &["basicConstraints=critical,CA:FALSE", &named], &signed);
        pair
    }
}

fn certificate_in(folder: &TempDir) -> PathBuf {
    folder.path().join("ca.crt")
}

fn key_in(folder: &TempDir) -> PathBuf {
    folder.path().join("ca.key")
}

/// Has both files written. What nobody is named to sign is signed by itself.
fn make(pair: &Pair, subject: &str, extensions: &[&str], signed: &[&Path]) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", subject])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(extensions.iter().flat_map(|extension| ["-addext", extension]))
        .args(signed)
        .arg("-out")
        .arg(&pair.certificate)
        .arg("-keyout")
        .arg(&pair.key)
        .output()
        .expect("openssl has to be on the PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
