//! Certificates that are replaced while a listener listens.
//!
//! Whoever renews a certificate writes its files, or leads a link to others, and tells nobody: so
//! the files are looked at every few seconds.

use std::{
    error::Error as _, fs, io, os::unix::fs::MetadataExt, path::Path, sync::Arc, time::Duration,
};

use rustls::ServerConfig;
use tokio::{sync::watch, task::spawn_blocking, time::sleep};

use crate::{
    TlsFiles,
    certificate::{self, TlsError},
};

/// What a listener speaks TLS with now.
pub(crate) type Newest = watch::Receiver<Arc<ServerConfig>>;

/// The files of a listener, and what came of reading them last.
pub(crate) struct Certificates {
    files: TlsFiles,
    seen: Stamp,
    newest: watch::Sender<Arc<ServerConfig>>,
}

/// By what it is seen that one of the files is another than before.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(Vec<Option<FileStamp>>);

/// Which file it is, when it or its rights changed, and its length. One that could not be read is so
/// read again as soon as it may be.
#[derive(Debug, PartialEq, Eq)]
struct FileStamp {
    file: (u64, u64),
    changed: (i64, i64),
    length: u64,
}

impl Certificates {
    /// Reads the files. Blocks meanwhile.
    pub(crate) fn read(files: TlsFiles) -> Result<Self, TlsError> {
        // Before they are read: what changes meanwhile is seen at the next look.
        let seen = Stamp::of(&files);
        let newest = certificate::read(&files)?;
        Ok(Self { files, seen, newest: watch::Sender::new(newest) })
    }

    /// What is spoken with, now and later.
    pub(crate) fn newest(&self) -> Newest {
        self.newest.subscribe()
    }

    /// Reads the files again each time that they have changed, until nobody listens any more.
    /// While they cannot be used, what was read before stays.
    pub(crate) async fn keep(mut self, every: Duration) {
        loop {
            tokio::select! {
                () = self.newest.closed() => return,
                () = sleep(every) => {}
            }
            match spawn_blocking(|| self.renewed()).await {
                Ok(renewed) => self = renewed,
                Err(error) => {
                    tracing::error!(%error, "certificates are not looked at any more");
                    return;
                }
            }
        }
    }

    fn renewed(mut self) -> Self {
        let stamp = Stamp::of(&self.files);
        if stamp == self.seen {
            return self;
        }
        self.seen = stamp;
        let certificate = self.files.certificate.display();
        match certificate::read(&self.files) {
            Ok(newest) => {
                self.newest.send_replace(newest);
                tracing::info!(%certificate, "a new certificate is used from now on");
            }
            Err(error) => {
                let reason = error.source().map(ToString::to_string);
                tracing::error!(
                    %error,
                    reason,
                    "a new certificate cannot be used; the one before it stays"
                );
            }
        }
        self
    }
}

impl Stamp {
    fn of(TlsFiles { certificate, key, client_ca }: &TlsFiles) -> Self {
        let files = [Some(certificate), Some(key), client_ca.as_ref()];
        Self(files.into_iter().flatten().map(|path| FileStamp::of(path).ok()).collect())
    }
}

impl FileStamp {
    fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        let (file, changed) = ((found.dev(), found.ino()), (found.ctime(), found.ctime_nsec()));
        Ok(Self { file, changed, length: found.len() })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt, thread};

    use baton_tests_certificates::Authority;

    use super::*;
    use crate::testing::Folder;

    #[tokio::test]
    async fn a_new_certificate_is_used_and_a_broken_one_is_not() {
        let (folder, authority) = (Folder::new(), Authority::new());
        let files = folder.pair(&authority, "localhost");
        let certificates = Certificates::read(files.clone()).unwrap();
        let mut newest = certificates.newest();
        let first = Arc::clone(&newest.borrow_and_update());

        fs::write(&files.key, "half of a k").unwrap();
        let certificates = certificates.renewed();
        assert!(!newest.has_changed().unwrap());
        // A key of another certificate is no better.
        let elsewhere = Folder::new();
        fs::copy(elsewhere.pair(&authority, "localhost").key, &files.key).unwrap();
        let certificates = certificates.renewed();
        assert!(!newest.has_changed().unwrap());
        assert!(Arc::ptr_eq(&first, &newest.borrow()));

        folder.pair(&authority, "localhost");
        let certificates = certificates.renewed();
        assert!(newest.has_changed().unwrap());
        newest.mark_unchanged();
        let _certificates = certificates.renewed();
        assert!(!newest.has_changed().unwrap(), "nothing has changed since");
    }

    #[test]
    fn a_key_that_may_be_read_now_is_another_than_before() {
        let (folder, authority) = (Folder::new(), Authority::new());
        let files = folder.pair(&authority, "localhost");
        let rights = |mode| fs::set_permissions(&files.key, Permissions::from_mode(mode)).unwrap();
        rights(0o000);
        let before = Stamp::of(&files);
        // The clock of a file system goes in steps.
        let is_another = (0..1_000).any(|_| {
            thread::sleep(Duration::from_millis(1));
            rights(0o400);
            Stamp::of(&files) != before
        });
        assert!(is_another);
    }

    #[tokio::test]
    async fn certificates_are_looked_at_for_as_long_as_somebody_listens() {
        let (folder, authority) = (Folder::new(), Authority::new());
        let files = folder.pair(&authority, "localhost");
        let certificates = Certificates::read(files).unwrap();
        let mut newest = certificates.newest();
        let kept = tokio::spawn(certificates.keep(Duration::from_millis(1)));
        folder.pair(&authority, "localhost");
        newest.changed().await.unwrap();
        drop(newest);
        kept.await.unwrap();
    }
}
