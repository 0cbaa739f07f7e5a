//! Why a sidecar gives no answer, or not all of it.

use std::{error::Error, io, iter, time::Duration};

use rustls::{CertificateError, Error as TlsError};
use thiserror::Error;

/// Why there is no answer, or not all of it: what is wrong with the sidecar, and what to do.
#[derive(Debug, Error)]
pub(crate) enum TransportError {
    /// No connection came about.
    #[error(
        "is it running, and is --sidecar the address of its internal listener (internal.listen)?"
    )]
    Unreachable(#[source] io::Error),
    /// It does not speak TLS.
    #[error("it does not speak TLS; without [internal.tls] its address begins with http://")]
    NotTls(#[source] io::Error),
    /// Its certificate is of somebody whom we do not know.
    #[error(
        "its certificate is of no authority that is trusted here; name the file of its authority \
         with --ca-file"
    )]
    Untrusted(#[source] TlsError),
    /// Its certificate is of another host.
    #[error("its certificate is for another host; call it in --sidecar as its certificate does")]
    OtherName(#[source] TlsError),
    /// Its certificate cannot be accepted for another reason, such as its age.
    #[error("its certificate cannot be accepted; give it another one in [internal.tls]")]
    Certificate(#[source] TlsError),
    /// It refuses to speak TLS with us.
    #[error(
        "it refuses the TLS connection; show it a certificate of its internal.tls.client_ca with \
         --client-certificate and --client-key"
    )]
    Refused(#[source] TlsError),
    /// TLS with it fails in another way.
    #[error("TLS with it fails; is it a sidecar's internal listener?")]
    Tls(#[source] TlsError),
    /// What it says is not HTTP.
    #[error("it does not speak HTTP; with [internal.tls] its address begins with https://")]
    NotHttp(#[source] hyper::Error),
    /// The connection was lost.
    #[error("the connection was lost; try again, and look at the sidecar's log")]
    Lost(#[source] hyper::Error),
    /// It says nothing for too long.
    #[error("it said nothing for {0:?}; look at its log")]
    Silent(Duration),
    /// The answer is longer than what is read.
    #[error("its answer is longer than {0} bytes; is it a sidecar?")]
    TooLong(usize),
}

impl TransportError {
    /// Why no TLS came about.
    pub(super) fn of_handshake(error: io::Error) -> Self {
        match tls_error(&error) {
            Some(TlsError::InvalidMessage(_)) => Self::NotTls(error),
            Some(reason) => Self::of_tls(reason.clone()),
            // It hung up in the place of an answer.
            None => Self::NotTls(error),
        }
    }

    /// Why a request has no answer, or an answer does not go on.
    pub(super) fn of_exchange(error: hyper::Error) -> Self {
        let tls = causes(&error).find_map(|cause| tls_error(cause.downcast_ref()?)).cloned();
        match tls {
            // With TLS 1.3 it is only now that a client knows what the server thinks of it.
            Some(reason) => Self::of_tls(reason),
            None if error.is_parse() => Self::NotHttp(error),
            None => Self::Lost(error),
        }
    }

    fn of_tls(reason: TlsError) -> Self {
        use CertificateError as Wrong;
        match &reason {
            TlsError::InvalidCertificate(wrong) => match wrong {
                Wrong::UnknownIssuer | Wrong::BadSignature => Self::Untrusted(reason),
                Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
                    Self::OtherName(reason)
                }
                _ => Self::Certificate(reason),
            },
            TlsError::AlertReceived(_) => Self::Refused(reason),
            _ => Self::Tls(reason),
        }
    }
}

/// What TLS says, where it was it that failed.
fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}
