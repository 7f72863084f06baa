//! What a center stands on, apart from its database: all that its surroundings may refuse.

use std::num::NonZeroU32;

use super::start_error::StartError;
use crate::alarms::AlarmTeller;
use crate::config::{Config, Face};
use crate::delivery::lane::LaneSettings;
use crate::limits::{Decodes, SourceLimiter};
use crate::national::{NationalCenter, NationalSettings};
use crate::outbound::{AllowList, Outbound, OutboundSettings, RootsError};
use crate::ports::{Clock, Network};
use crate::registry::Defaults;
use crate::staff::OpenIdProvider;
use crate::telemetry::Telemetry;
use yanmi_http::{ListenSettings, Listener};

/// What a center stands on, apart from its database: all that its surroundings may refuse.
pub(super) struct Ground {
    pub(super) telemetry: Telemetry,
    pub(super) listeners: Vec<(Face, Listener)>,
    pub(super) outbound: Outbound,
    pub(super) national: NationalCenter,
    pub(super) provider: Option<OpenIdProvider>,
    pub(super) teller: Option<AlarmTeller>,
    pub(super) defaults: Defaults,
    pub(super) openings: SourceLimiter,
    pub(super) decodes: Decodes,
}

impl Ground {
    pub(super) async fn lay(
        config: &Config,
        clock: &Clock,
        network: &Network,
        opened: Vec<(Face, ListenSettings)>,
    ) -> Result<Self, StartError> {
        let telemetry =
            Telemetry::new(config.log.requests, !config.scratch).map_err(|_| StartError::Metrics)?;
        let mut listeners = Vec::new();
        for (face, settings) in opened {
            listeners.push((face, Listener::bind_by(settings, |address| network.bind(address)).await?));
        }
        let outbound = outbound(config, network)?;
        let national = national(config, &outbound, clock)?;
        let provider = provider(config, network)?;
        let teller = teller(config, &outbound)?;
        let (defaults, openings, decodes) = (defaults(config)?, openings(config)?, decodes(config)?);
        Ok(Self { telemetry, listeners, outbound, national, provider, teller, defaults, openings, decodes })
    }
}

fn outbound(config: &Config, network: &Network) -> Result<Outbound, RootsError> {
    Outbound::new(OutboundSettings {
        allow: AllowList::from(config.outbound.allow.clone()),
        roots: config.outbound.roots.clone(),
        network: network.clone(),
    })
}

fn teller(config: &Config, outbound: &Outbound) -> Result<Option<AlarmTeller>, StartError> {
    let target = config.alarm_target.as_deref().cloned();
    let teller = target.map(|target| AlarmTeller::new(target, outbound.clone(), config.region));
    teller.transpose().map_err(StartError::AlarmTarget)
}

fn provider(config: &Config, network: &Network) -> Result<Option<OpenIdProvider>, StartError> {
    let outbound = Outbound::new(OutboundSettings {
        allow: AllowList::from(config.outbound.allow.clone()),
        roots: config.oidc.roots.clone().or_else(|| config.outbound.roots.clone()),
        network: network.clone(),
    })?;
    OpenIdProvider::new(&config.oidc, outbound).map_err(StartError::Provider)
}

fn national(config: &Config, outbound: &Outbound, clock: &Clock) -> Result<NationalCenter, StartError> {
    let settings = NationalSettings {
        url: config.national.url.clone(),
        org_id: config.national.org_id,
        key: config.national.key.clone(),
        prefix: config.national.prefix.as_str().to_owned(),
        mac: config.national.mac,
        timeout: config.national.timeout,
        in_flight: config.national.in_flight,
    };
    NationalCenter::new(outbound.clone(), clock.clone(), config.region, settings)
        .map_err(StartError::National)
}

fn defaults(config: &Config) -> Result<Defaults, StartError> {
    Ok(Defaults {
        rate: nonzero(config.limits.requests_per_second, "limits.requests_per_second")?,
        burst: nonzero(config.limits.burst, "limits.burst")?,
        lane: LaneSettings {
            in_flight: u32::try_from(config.delivery.in_flight_per_channel).unwrap_or(u32::MAX),
            failures: config.delivery.breaker_failures,
            open_for: config.delivery.breaker_pause,
        },
    })
}

fn openings(config: &Config) -> Result<SourceLimiter, StartError> {
    let per_minute = config.limits.failed_openings_per_minute;
    Ok(SourceLimiter::new(nonzero(per_minute, "limits.failed_openings_per_minute")?))
}

fn decodes(config: &Config) -> Result<Decodes, StartError> {
    let limits = &config.limits;
    Ok(Decodes::new(
        nonzero(limits.decodes_per_source_minute, "limits.decodes_per_source_minute")?,
        nonzero(limits.decodes_per_institution_minute, "limits.decodes_per_institution_minute")?,
    ))
}

fn nonzero(value: u32, setting: &'static str) -> Result<NonZeroU32, StartError> {
    NonZeroU32::new(value).ok_or(StartError::Zero(setting))
}
