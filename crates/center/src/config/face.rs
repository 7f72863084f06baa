//! The faces a center listens with, each on a listener of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use yanmi_http::{ClientAddress, ListenSettings, Proxies, TlsFiles};

use super::path_prefix::PathPrefix;

/// A face with a listener of its own. The insured person's page is on the channels' (decision 19).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Face {
    /// For institutions, on 医保专网.
    Institution,
    /// For channel apps, and the pages of insured persons.
    Channel,
    /// For those who run the center: whether it lives, is ready, and how it fares.
    Operations,
    /// The operators' console.
    Operator,
    /// For those who asked for an account: where they take their keys.
    Applicant,
}

impl Face {
    /// All of them, in the order of the reference page.
    pub const ALL: [Self; 5] =
        [Self::Institution, Self::Channel, Self::Operations, Self::Operator, Self::Applicant];

    /// Its name in the configuration, in log lines and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Channel => "channel",
            Self::Operations => "operations",
            Self::Operator => "operator",
            Self::Applicant => "applicant",
        }
    }
}

/// The faces, each on a listener of its own or not served by this process.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Faces {
    /// For institutions, on 医保专网.
    pub institution: Listen,
    /// For channel apps.
    pub channel: Listen,
    /// For those who run the center: whether it lives, is ready, and how it fares.
    pub operations: Listen,
    /// The operators' console.
    pub operator: Listen,
    /// For those who asked for an account.
    pub applicant: Listen,
}

impl Faces {
    /// The listener of a face.
    pub fn of(&self, face: Face) -> &Listen {
        match face {
            Face::Institution => &self.institution,
            Face::Channel => &self.channel,
            Face::Operations => &self.operations,
            Face::Operator => &self.operator,
            Face::Applicant => &self.applicant,
        }
    }

    /// The faces this process serves, ready to be bound, in the order of the reference page.
    pub fn opened(&self) -> Vec<(Face, ListenSettings)> {
        let opened = |face: Face| Some((face, self.of(face).settings(face.name())?));
        Face::ALL.into_iter().filter_map(opened).collect()
    }
}

/// One face's listener, as it stands in the file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Listen {
    /// The address; without it this process does not serve the face.
    pub address: Option<SocketAddr>,
    /// PEM file of the certificate chain; with the key, the listener speaks TLS.
    pub tls_certificate: Option<PathBuf>,
    /// PEM file of the private key.
    pub tls_key: Option<PathBuf>,
    /// Whether plain HTTP is allowed outside loopback.
    pub plain_http: bool,
    /// Networks of the proxies in front of it.
    pub proxies: Vec<IpNet>,
    /// How they say who their client is.
    pub client_address: ClientAddress,
    /// What may stand before the addresses of the specification (E15).
    pub path_prefix: Option<PathPrefix>,
}

impl Listen {
    /// Plain HTTP on this address, as tests and the sandbox use it.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address: Some(address), ..Self::default() }
    }

    /// What the listener is bound from, when there is an address.
    pub fn settings(&self, name: &'static str) -> Option<ListenSettings> {
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })
            }
            _ => None,
        };
        let proxies = Proxies { networks: self.proxies.clone(), client: self.client_address };
        Some(ListenSettings { name, address: self.address?, tls, plain_http: self.plain_http, proxies })
    }
}
