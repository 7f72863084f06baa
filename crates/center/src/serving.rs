//! Which router answers at which face, and within which bounds.

use std::sync::Arc;

use axum::Router;
use ipnet::IpNet;
use yanmi_http::{Counters, Listener, Server};

use crate::config::{Config, Face, PathPrefix};
use crate::face::operations;
use crate::observe::{self, Observer};
use crate::site::Site;
use crate::{applicant, channel, institution, insured, operator};

/// Connections to the operators' listener at the same time: load balancers and monitoring, each with a few.
const OPERATIONS_CONNECTIONS: usize = 256;

/// Begins to serve every face on its listener.
pub(crate) fn serve(
    site: &Arc<Site>,
    listeners: Vec<(Face, Listener)>,
    config: &Config,
    observer: Option<&Observer>,
) -> Vec<Server> {
    let metrics_from: Arc<[IpNet]> = config.metrics_from.clone().into();
    let counted: Vec<_> = listeners.iter().map(|(face, _)| (*face, Arc::<Counters>::default())).collect();
    let counted: Arc<[_]> = counted.into();
    let serve = |(at, (face, listener)): (usize, (Face, Listener))| {
        let mut limits = config.limits.server();
        let router = match face {
            Face::Institution => {
                institution_router(site, config.listen.institution.path_prefix.as_ref(), observer)
            }
            Face::Operations => {
                limits.connections = limits.connections.min(OPERATIONS_CONNECTIONS);
                limits.connections_per_source = limits.connections;
                // Nobody proves anything here.
                limits.unproven = limits.keep_alive;
                operations::router(Arc::clone(site), Arc::clone(&metrics_from), Arc::clone(&counted))
            }
            Face::Operator => {
                limits.connections = limits.connections.min(OPERATIONS_CONNECTIONS);
                operator::router(Arc::clone(site))
            }
            Face::Applicant => {
                limits.connections = limits.connections.min(OPERATIONS_CONNECTIONS);
                applicant::router(Arc::clone(site))
            }
            Face::Channel => channel_router(site, config.listen.channel.path_prefix.as_ref()),
        };
        Server::start_counted(listener, router, limits, Arc::clone(&counted[at].1))
    };
    listeners.into_iter().enumerate().map(serve).collect()
}

/// What institutions ask, with whoever looks on.
pub(crate) fn institution_router(
    site: &Arc<Site>,
    prefix: Option<&PathPrefix>,
    observer: Option<&Observer>,
) -> Router {
    let router = institution::router(Arc::clone(site), prefix);
    match observer {
        Some(observer) => {
            router.layer(axum::middleware::from_fn_with_state(Arc::clone(observer), observe::observe))
        }
        None => router,
    }
}

/// What channel apps ask, and the insured persons' pages.
pub(crate) fn channel_router(site: &Arc<Site>, prefix: Option<&PathPrefix>) -> Router {
    channel::router(Arc::clone(site), prefix).merge(insured::router(Arc::clone(site)))
}
