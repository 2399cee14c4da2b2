//! Whom TLS trusts.

use std::sync::Arc;

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::error::PoolSetupError;

/// The certificates in a PEM text.
///
/// # Errors
/// A sentence: it has none, or one that cannot be read.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("it holds no certificate in PEM".to_owned()),
        Ok(found) => {
            let mut roots = RootCertStore::empty();
            let is_usable = found.iter().all(|certificate| roots.add(certificate.clone()).is_ok());
            if is_usable { Ok(found) } else { Err("it holds a certificate that cannot be used".to_owned()) }
        }
        Err(error) => Err(format!("it is not PEM: {error}")),
    }
}

/// For PostgreSQL. Trusts `ca_pem`; without it what the system trusts, or Mozilla's list where the system has none.
pub(super) fn client_config(ca_pem: Option<&[u8]>) -> Result<ClientConfig, PoolSetupError> {
    let mut roots = RootCertStore::empty();
    match ca_pem {
        Some(pem) => {
            for certificate in certificates(pem).map_err(PoolSetupError::Tls)? {
                roots.add(certificate).map_err(|error| PoolSetupError::Tls(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| PoolSetupError::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// For SMTP: the same, in lettre's words.
pub(super) fn tls_parameters(host: &str, ca_pem: Option<&[u8]>) -> Result<TlsParameters, PoolSetupError> {
    let trusted = match ca_pem {
        Some(pem) => certificates(pem).map_err(PoolSetupError::Tls)?,
        None => usable(rustls_native_certs::load_native_certs().certs),
    };
    let builder = TlsParameters::builder(host.to_owned());
    let builder = if trusted.is_empty() {
        builder.certificate_store(CertificateStore::WebpkiRoots)
    } else {
        let none = builder.certificate_store(CertificateStore::None);
        trusted
            .into_iter()
            .try_fold(none, |builder, der| {
                let certificate = Certificate::from_der(der.to_vec());
                certificate.map(|certificate| builder.add_root_certificate(certificate))
            })
            .map_err(|error| PoolSetupError::Tls(error.to_string()))?
    };
    builder.build().map_err(|error| PoolSetupError::Tls(error.to_string()))
}

/// A system's list may hold certificates that rustls does not take; lettre would refuse all for one of them.
fn usable(found: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    found.into_iter().filter(|certificate| roots.add(certificate.clone()).is_ok()).collect()
}
