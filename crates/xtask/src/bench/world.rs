//! The world of the checks: all three services, twenty articles in force, a hundred protected entities round the place
//! of the operations, none of them so near that an article objects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use concord_domain::actor::Role;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::registry::v1::protection_service_client::ProtectionServiceClient;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::check_service_client::CheckServiceClient;
use concord_proto::pb::r#type::v1 as shared;
use concord_testkit::{Cluster, first, setting};
use tonic::transport::Channel;
use uuid::Uuid;

use super::timing::{Times, measured};

const RULES: &str = include_str!("rules.toml");
/// Protected entities that every check is held against.
const ENTITIES: u32 = 100;
const METRES_PER_DEGREE: f64 = 111_000.0;

/// A deployment that permits what [`World::request`] asks.
pub(crate) struct World {
    _cluster: Cluster,
    pub(crate) checks: CheckServiceClient<Channel>,
    pub(crate) protections: ProtectionServiceClient<Channel>,
    asked: Arc<AtomicU64>,
}

impl World {
    pub(crate) async fn start() -> Result<Self, String> {
        let cluster = setting::in_order_under(RULES).await;
        let channel = |by: &_, service| {
            cluster.sessions().channel(by, service).map_err(|status| status.message().to_owned())
        };
        let protections =
            ProtectionServiceClient::new(channel(&first("notifier", Role::Proposer), "registry")?);
        let checks = CheckServiceClient::new(channel(&setting::officer(), "rules")?);
        let world = Self { _cluster: cluster, checks, protections, asked: Arc::default() };
        for number in 0..ENTITIES {
            world.notify(entity(number)).await?;
        }
        Ok(world)
    }

    /// Notifies an entity.
    pub(crate) async fn notify(&self, entity: registry::ProtectedEntity) -> Result<(), String> {
        let request = registry::NotifyProtectedEntityRequest {
            protected_entity: Some(entity),
            request_id: Uuid::now_v7().to_string(),
            ..Default::default()
        };
        let answer = self.protections.clone().notify_protected_entity(request).await;
        answer.map(drop).map_err(|status| status.message().to_owned())
    }

    /// An operation that nobody asked about before.
    pub(crate) fn request(&self) -> pb::CheckOperationRequest {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        // A metre from one to the next, over a hundred metres.
        let north = (number % 100) as f64 / METRES_PER_DEGREE;
        let operation = pb::Operation {
            description: format!("Operation {number}"),
            effect_area: Some(setting::circle(0.5 + north, 0.5, 300.0)),
            ..setting::operation()
        };
        pb::CheckOperationRequest {
            operation: Some(operation),
            request_id: Uuid::now_v7().to_string(),
            validate_only: false,
        }
    }

    /// Checks that are permitted, with a receipt each.
    pub(crate) async fn checked(&self, in_flight: usize, calls: usize) -> Result<Times, String> {
        measured(in_flight, calls, || {
            let (mut client, request) = (self.checks.clone(), self.request());
            async move {
                let answer = client.check_operation(request).await;
                answer
                    .is_ok_and(|answer| is_permitted(answer.get_ref()) && answer.get_ref().receipt.is_some())
            }
        })
        .await
    }

    /// The same, evaluated and not recorded.
    pub(crate) async fn tried(&self, in_flight: usize, calls: usize) -> Result<Times, String> {
        measured(in_flight, calls, || {
            let mut client = self.checks.clone();
            let request = pb::CheckOperationRequest { validate_only: true, ..self.request() };
            async move {
                let answer = client.check_operation(request).await;
                answer.is_ok_and(|answer| is_permitted(answer.get_ref()))
            }
        })
        .await
    }

    /// Reads of one decision, each on heads confirmed for it, with nothing evaluated.
    pub(crate) async fn read(&self, name: &str, in_flight: usize, calls: usize) -> Result<Times, String> {
        measured(in_flight, calls, || {
            let mut client = self.checks.clone();
            let request = pb::GetDecisionRequest { name: name.to_owned(), as_of: None };
            async move { client.get_decision(request).await.is_ok_and(|answer| is_confirmed(answer.get_ref())) }
        })
        .await
    }

    /// The name of a decision that permits nothing, so that nothing can void it.
    pub(crate) async fn denied(&self) -> Result<String, String> {
        let mut request = self.request();
        if let Some(operation) = &mut request.operation {
            operation.claimed_group = "A group that nobody designated".to_owned();
        }
        let answer = self.checks.clone().check_operation(request).await;
        let answer = answer.map_err(|status| status.message().to_owned())?.into_inner();
        match answer.decision {
            Some(decision) if decision.verdict() == pb::Verdict::Deny => Ok(decision.name),
            _ => Err("an operation against a group that nobody designated was not denied".to_owned()),
        }
    }
}

fn is_permitted(answer: &pb::CheckOperationResponse) -> bool {
    answer.decision.as_ref().is_some_and(|decision| decision.verdict() == pb::Verdict::Permit)
}

pub(crate) fn is_confirmed(answer: &pb::GetDecisionResponse) -> bool {
    answer.status.as_ref().is_some_and(|status| status.confirmation() == pb::Confirmation::Confirmed)
}

/// An entity 4 to 10 km from the operations: every second one a compound, whose bounds reach farther than it does.
fn entity(number: u32) -> registry::ProtectedEntity {
    let far = (4_000.0 + 60.0 * f64::from(number)) / METRES_PER_DEGREE;
    let (north, east) = (2.4 * f64::from(number)).sin_cos();
    let (latitude, longitude) = (0.5 + far * north, 0.5 + far * east);
    let area = match number % 2 {
        0 => setting::circle(latitude, longitude, 80.0),
        _ => square(latitude, longitude, 700.0),
    };
    registry::ProtectedEntity {
        display_name: format!("Entity {number}"),
        category: i32::try_from(1 + number % 14).unwrap_or(1),
        area: Some(area),
        accuracy_m: 10.0,
        verify_time: setting::window(-60, 0).start_time,
        source: "bench".to_owned(),
        ..Default::default()
    }
}

fn square(latitude: f64, longitude: f64, half_m: f64) -> shared::Area {
    let half = half_m / METRES_PER_DEGREE;
    let corners = [(-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)];
    let corner =
        |(north, east)| LatLng { latitude: latitude + north * half, longitude: longitude + east * half };
    let ring = corners.map(corner).to_vec();
    shared::Area { form: Some(shared::area::Form::Polygon(shared::Polygon { ring })) }
}

/// A clinic far from every operation, which none of them is touched by.
pub(crate) fn distant_clinic() -> registry::ProtectedEntity {
    registry::ProtectedEntity {
        display_name: "Distant clinic".to_owned(),
        category: registry::ProtectedCategory::Medical.into(),
        area: Some(setting::circle(10.0, 10.0, 80.0)),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_bench_asks_is_permitted_by_twenty_articles_until_a_clinic_stands_there() {
        let world = World::start().await.unwrap();
        let mut checks = world.checks.clone();
        assert!(is_permitted(checks.check_operation(world.request()).await.unwrap().get_ref()));
        world.read(&world.denied().await.unwrap(), 1, 1).await.unwrap();
        assert_eq!(RULES.matches("[[article]]").count(), 20);

        let clinic =
            registry::ProtectedEntity { area: Some(setting::circle(0.5, 0.5, 80.0)), ..distant_clinic() };
        world.notify(clinic).await.unwrap();
        assert!(!is_permitted(checks.check_operation(world.request()).await.unwrap().get_ref()));
        assert!(world.checked(1, 1).await.is_err(), "a refused check is no measurement");
    }
}
