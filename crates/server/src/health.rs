//! Health (grpc.health.v1): NOT_SERVING until the journal is replayed, and again as soon as the service drains.

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::HealthReporter;

/// Reports the health of a service and of the process as a whole.
#[derive(Clone, Debug)]
pub struct Reporter {
    reporter: HealthReporter,
    services: Vec<&'static str>,
}

/// A reporter, NOT_SERVING, and the health service; `services` are the full names of what the process offers.
pub async fn reporter(services: &[&'static str]) -> (Reporter, HealthServer<impl Health>) {
    let (reporter, server) = tonic_health::server::health_reporter();
    // The empty name stands for the process as a whole.
    let services = services.iter().copied().chain([""]).collect();
    let reporter = Reporter { reporter, services };
    reporter.set(ServingStatus::NotServing).await;
    (reporter, server)
}

impl Reporter {
    /// From now on the services answer.
    pub async fn serving(&self) {
        self.set(ServingStatus::Serving).await;
    }

    /// From now on they do not.
    pub async fn not_serving(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        for service in &self.services {
            self.reporter.set_service_status(service, status).await;
        }
    }
}
