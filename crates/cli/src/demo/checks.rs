//! Checks: nothing without agreed rules; every reason at once; permits that fall the moment a fact contradicts them.

use std::time::{Duration, Instant};

use concord_client::permit::{Standing, standing};
use concord_domain::actor::Role;
use concord_domain::consent::Act;
use concord_domain::signed::Subject;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::check_service_client::CheckServiceClient;
use concord_proto::pb::r#type::v1 as shared;
use concord_proto::rules::check::release_subject_of;
use concord_server::clock::real;
use prost::Message as _;

use super::Step;
use super::lists::OTHER;
use super::protection::hospital;
use super::stage::Stage;
use super::tell::Teller;
use crate::session::Who;
use crate::verify::verify_text;

const RULES: &str = include_str!("../../assets/rules-of-engagement.toml");
pub(super) const CHECK: &str = "concord.rules.v1.CheckService/CheckOperation";
/// Open sea, away from everything that the demo protects.
pub(super) const REMOTE: (f64, f64) = (1.6, 1.8);
const SECONDS_PER_HOUR: i64 = 3_600;
/// Longest wait for a word on the holder's stream.
const VOID_WITHIN: Duration = Duration::from_secs(10);

fn officer() -> Who {
    Who::new("party-a", "actor-1", Role::DutyOfficer)
}

/// A circle in open sea.
pub(super) fn circle((latitude, longitude): (f64, f64), radius_m: f64) -> shared::Area {
    let center = Some(LatLng { latitude, longitude });
    shared::Area { form: Some(shared::area::Form::Circle(shared::Circle { center, radius_m })) }
}

/// So many hours from this time tomorrow on: a designation must outlast an operation.
pub(super) fn window(hours: i64) -> shared::TimeWindow {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let start = i64::try_from(now.as_secs()).unwrap_or_default() / SECONDS_PER_HOUR * SECONDS_PER_HOUR
        + 24 * SECONDS_PER_HOUR;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    shared::TimeWindow { start_time: at(start), end_time: at(start + hours * SECONDS_PER_HOUR) }
}

/// An operation at a place, in order but for what stands there.
pub(super) fn operation(at: (f64, f64)) -> pb::Operation {
    let source = |origin: &str| pb::IntelligenceSource { origin: origin.to_owned(), ..Default::default() };
    let (none, assessed) = (i32::from(pb::AdverseFact::None), i32::from(pb::Assessment::Assessed));
    pb::Operation {
        kind: pb::OperationKind::AirStrike.into(),
        target_type: pb::TargetType::GroupPosition.into(),
        claimed_group: OTHER.to_owned(),
        effect_area: Some(circle(at, 300.0)),
        window: Some(window(1)),
        harm_estimate: Some(pb::HarmEstimate { killed: Some(0), injured: Some(0), ..Default::default() }),
        sources: vec![source("reconnaissance of party A"), source("reconnaissance of party B")],
        civilian_presence: assessed,
        building_use: assessed,
        secondary_hazard: assessed,
        dissent: none,
        dual_use: none,
        position_interpolated: none,
        data_link_lost: none,
        self_defence_claim: none,
        emergency_claim: none,
        troops_in_contact_claim: none,
        ..Default::default()
    }
}

/// Submits, tells verdict and every reason, and demands a verdict and a code.
pub(super) async fn check(
    stage: &Stage,
    teller: &Teller,
    asked: &str,
    operation: pb::Operation,
    expected: (pb::Verdict, &str),
) -> Result<pb::CheckOperationResponse, String> {
    let began = Instant::now();
    let request_id = uuid::Uuid::new_v4().to_string();
    let request = pb::CheckOperationRequest { operation: Some(operation), request_id, validate_only: false };
    let answer: pb::CheckOperationResponse = stage.must(&officer(), CHECK, request).await?;
    let decision = answer.decision.clone().unwrap_or_default();
    let reasons: Vec<String> = decision.findings.iter().map(reason).collect();
    let told = format!("{}\n         {}", decision.verdict().as_str_name(), reasons.join("\n         "));
    teller.call(&officer(), asked, &told, began);
    let given = decision.findings.iter().any(|finding| finding.code == expected.1);
    if decision.verdict() == expected.0 && given {
        Ok(answer)
    } else {
        Err(format!("{asked} came out as {told}"))
    }
}

fn reason(finding: &pb::Finding) -> String {
    let measured = finding.measured.zip(finding.limit);
    let measured = measured
        .map(|(measured, limit)| format!(" (measured {measured:.0}, limit {limit:.0} {})", finding.unit));
    format!("{}: {}{}", finding.code, finding.message, measured.unwrap_or_default())
}

pub(super) async fn adopt_rules(stage: &Stage, teller: &Teller) -> Step {
    teller
        .part("Before any rule set is in force every check is denied; then every party signs the same text.");
    check(
        stage,
        teller,
        "check before anything is agreed",
        operation(REMOTE),
        (pb::Verdict::Deny, "NO_RULE_SET_IN_FORCE"),
    )
    .await?;
    let by = Who::new("party-a", "actor-1", Role::Proposer);
    let began = Instant::now();
    let request = pb::ProposeRuleSetRequest {
        rule_set_id: "first".to_owned(),
        text: RULES.to_owned(),
        ..Default::default()
    };
    let method = "concord.rules.v1.RuleSetService/ProposeRuleSet";
    let answer: pb::ProposeRuleSetResponse = stage.must(&by, method, request).await?;
    let proposed = answer.rule_set.unwrap_or_default();
    let told = format!("{} articles, text hash {}", proposed.articles.len(), proposed.text_hash);
    teller.call(&by, "propose rules of engagement", &told, began);
    for (party, state) in [("party-b", pb::RuleSetState::Proposed), ("party-a", pb::RuleSetState::InForce)] {
        ratify(stage, teller, party, state).await?;
    }
    for party in ["party-a", "party-b"] {
        presence(stage, teller, party).await?;
    }
    Ok(())
}

async fn ratify(stage: &Stage, teller: &Teller, party: &str, state: pb::RuleSetState) -> Step {
    let by = Who::new(party, "actor-2", Role::Approver);
    let began = Instant::now();
    let subject = Subject::of(Act::RatifyRuleSet, "ruleSets/first".to_owned(), RULES.as_bytes());
    let envelope = stage.deployment().consent(party, &subject)?;
    let request =
        pb::RatifyRuleSetRequest { name: "ruleSets/first".to_owned(), envelope, ..Default::default() };
    let method = "concord.rules.v1.RuleSetService/RatifyRuleSet";
    let answer: pb::RatifyRuleSetResponse = stage.must(&by, method, request).await?;
    let ratified = answer.rule_set.unwrap_or_default();
    teller.call(&by, "ratify with the party's own key", ratified.state().as_str_name(), began);
    if ratified.state() == state { Ok(()) } else { Err(format!("the rule set is {:?}", ratified.state())) }
}

async fn presence(stage: &Stage, teller: &Teller, party: &str) -> Step {
    use registry::{PresenceLevel as Level, PresenceSubject as Subject};
    let by = Who::new(party, "actor-1", Role::DutyOfficer);
    let began = Instant::now();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or_default() - 60;
    for (subject, group, level) in
        [(Subject::Group, OTHER, Level::Confirmed), (Subject::OtherArmedGroups, "", Level::None)]
    {
        let assessment = registry::PresenceAssessment {
            subject: subject.into(),
            group: group.to_owned(),
            level: level.into(),
            area: Some(circle((1.0, 1.0), 250_000.0)),
            observe_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..Default::default()
        };
        let request = registry::FilePresenceRequest { assessment: Some(assessment), ..Default::default() };
        let method = "concord.registry.v1.PresenceService/FilePresence";
        stage.must::<_, registry::FilePresenceResponse>(&by, method, request).await?;
    }
    teller.call(&by, "file presence: the group is there, no other armed group is", "filed", began);
    Ok(())
}

pub(super) async fn beside_the_convoy(stage: &Stage, teller: &Teller) -> Step {
    teller.part("A check beside the convoy is denied with every reason at once, not only the first.");
    let mut beside = operation((0.5, 0.6425));
    beside.sources.truncate(1);
    beside.harm_estimate = None;
    let asked = (pb::Verdict::Deny, "PROTECTED_MOVEMENT_OVERLAP");
    let answer = check(stage, teller, "check an operation beside the convoy", beside, asked).await?;
    let given: Vec<String> =
        answer.decision.unwrap_or_default().findings.into_iter().map(|finding| finding.code).collect();
    let all = ["SINGLE_SOURCE_INTELLIGENCE", "HARM_ESTIMATE_REQUIRES_JOINT_DECISION"];
    if !all.iter().all(|code| given.iter().any(|given| given == code)) {
        return Err(format!("not every reason was given: {given:?}"));
    }
    let by = Who::new("party-a", "actor-1", Role::Proposer);
    let alias =
        registry::Alias { name: "A later name".to_owned(), quality: registry::AliasQuality::Strong.into() };
    let request =
        registry::ProposeAliasRequest { name: OTHER.to_owned(), alias: Some(alias), ..Default::default() };
    let method = "concord.registry.v1.DesignationService/ProposeAlias";
    stage.must::<_, registry::ProposeAliasResponse>(&by, method, request).await?;
    let mut renamed = operation(REMOTE);
    renamed.claimed_group = "a later name".to_owned();
    check(
        stage,
        teller,
        "check under an alias that nobody ratified",
        renamed,
        (pb::Verdict::Refer, "ALIAS_NOT_RATIFIED"),
    )
    .await?;
    let mut person = operation(REMOTE);
    person.target_type = pb::TargetType::NaturalPerson.into();
    person.claimed_group.clear();
    check(
        stage,
        teller,
        "check against a natural person",
        person,
        (pb::Verdict::Deny, "NATURAL_PERSON_TARGET"),
    )
    .await
    .map(drop)
}

pub(super) async fn too_little_known(stage: &Stage, teller: &Teller) -> Step {
    teller.part(
        "Where too little is known people of every party decide; one of them refuses, and that is the end.",
    );
    let mut unknown = operation(REMOTE);
    unknown.harm_estimate = None;
    let code = "HARM_ESTIMATE_REQUIRES_JOINT_DECISION";
    let answer =
        check(stage, teller, "check without an estimate of harm", unknown, (pb::Verdict::Refer, code))
            .await?;
    let referral = answer.decision.unwrap_or_default();
    let subject = release_subject_of(referral.clone()).map_err(|refusal| refusal.to_string())?;
    for (party, decision, state) in [
        ("party-a", pb::ReviewDecision::Release, pb::DecisionState::Referred),
        ("party-b", pb::ReviewDecision::Refuse, pb::DecisionState::Refused),
    ] {
        let by = Who::new(party, "actor-2", Role::Reviewer);
        let began = Instant::now();
        let request = pb::ReviewReferralRequest {
            name: referral.name.clone(),
            decision: decision.into(),
            reason: "as reviewed".to_owned(),
            envelope: match decision {
                pb::ReviewDecision::Release => stage.deployment().consent(party, &subject)?,
                _ => String::new(),
            },
            ..Default::default()
        };
        let method = "concord.rules.v1.CheckService/ReviewReferral";
        let answer: pb::ReviewReferralResponse = stage.must(&by, method, request).await?;
        let status = answer.status.unwrap_or_default();
        teller.call(&by, decision.as_str_name(), status.state().as_str_name(), began);
        if status.state() != state {
            return Err(format!("the referral is {:?}", status.state()));
        }
    }
    Ok(())
}

pub(super) async fn permit_and_void(stage: &Stage, teller: &Teller) -> Step {
    teller.part("With all in order: PERMIT. A hospital is notified inside, and the holder's stream says VOID at once.");
    let in_order = operation(REMOTE);
    let answer = check(
        stage,
        teller,
        "check an operation in open sea",
        in_order.clone(),
        (pb::Verdict::Permit, "ALL_CHECKS_PASSED"),
    )
    .await?;
    let decision = answer.decision.unwrap_or_default();
    teller.plain(&format!("   {}", decision.terms));
    let receipt = answer.receipt.unwrap_or_default().json;
    teller.plain(&format!("   verified offline: {}", verify_text(&stage.deployment().accord, &receipt)?));
    let mut stream = watched(stage, &decision.name).await?;
    let began = Instant::now();
    let by = Who::new("notifier", "actor-1", Role::Proposer);
    let method = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
    let request = hospital("hospital-remote", REMOTE.0, REMOTE.1);
    stage.must::<_, registry::NotifyProtectedEntityResponse>(&by, method, request).await?;
    let void = tokio::time::timeout(VOID_WITHIN, stream.message()).await;
    let void = void.map_err(|_| "the holder's stream said nothing")?;
    let void = void.map_err(|status| status.message().to_owned())?;
    let void = void.and_then(|message| message.status).unwrap_or_default();
    let causes: Vec<String> = void.causes.iter().map(reason).collect();
    let told = format!("{} to the holder: {}", void.state().as_str_name(), causes.join("; "));
    teller.call(&by, "notify a hospital inside the permitted area", &told, began);
    let because = void.causes.iter().any(|cause| cause.code == "PROTECTED_ENTITY_OVERLAP");
    if void.state() != pb::DecisionState::Void || !because {
        return Err(told);
    }
    check(stage, teller, "the same check again", in_order, (pb::Verdict::Deny, "PROTECTED_ENTITY_OVERLAP"))
        .await
        .map(drop)
}

/// The stream of a permit's state, of which the first message has said that it lives.
pub(super) async fn watched(
    stage: &Stage,
    name: &str,
) -> Result<tonic::Streaming<pb::WatchDecisionResponse>, String> {
    let failed = |status: tonic::Status| status.message().to_owned();
    let channel = stage.sessions().channel(&officer(), "rules").map_err(failed)?;
    let request = pb::WatchDecisionRequest { name: name.to_owned() };
    let stream = CheckServiceClient::new(channel).watch_decision(request).await.map_err(failed)?;
    let mut stream = stream.into_inner();
    let begun =
        stream.message().await.map_err(failed)?.and_then(|message| message.status).unwrap_or_default();
    match standing(&begun, real()) {
        Standing::LivesUntil(_) => Ok(stream),
        other => Err(format!("the permit is {other:?}")),
    }
}

pub(super) async fn survives_a_kill(stage: &mut Stage, teller: &Teller) -> Step {
    teller.part(
        "Rules is killed with SIGKILL while checks run: every answered verdict is there, byte for byte.",
    );
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..48_u32 {
        let sessions = stage.sessions().clone();
        let operation = operation((1.2, 1.5 + 0.001 * f64::from(number)));
        running.spawn(async move {
            let request_id = uuid::Uuid::new_v4().to_string();
            let request =
                pb::CheckOperationRequest { operation: Some(operation), request_id, validate_only: false };
            let answer =
                sessions.call::<_, pb::CheckOperationResponse>(&officer(), CHECK, request.clone()).await;
            (request, answer)
        });
    }
    let (mut answered, mut killed) = (Vec::new(), false);
    while let Some(joined) = running.join_next().await {
        let (request, answer) = joined.map_err(|e| e.to_string())?;
        answered.extend(answer.ok().map(|answer| (request, answer)));
        if !killed && answered.len() >= 8 {
            stage.kill("rules").await?;
            killed = true;
        }
    }
    stage.kill("rules").await?;
    stage.restart("rules").await?;
    teller.call(
        &officer(),
        "submit 48 checks at once",
        &format!("{} answered before the kill", answered.len()),
        began,
    );
    let began = Instant::now();
    for (request, first) in &answered {
        let again: pb::CheckOperationResponse = stage.must(&officer(), CHECK, request.clone()).await?;
        let as_written = |answer: &pb::CheckOperationResponse| {
            let decision = answer.decision.as_ref().map(pb::Decision::encode_to_vec);
            (decision, answer.receipt.as_ref().map(concord_proto::pb::ledger::v1::Receipt::encode_to_vec))
        };
        if as_written(&again) != as_written(first) {
            return Err("a verdict was answered otherwise after the restart".to_owned());
        }
    }
    let told = format!("{} of {} decisions and receipts the same bytes", answered.len(), answered.len());
    teller.call(&officer(), "repeat every answered check", &told, began);
    if answered.is_empty() { Err("no check was answered before the kill".to_owned()) } else { Ok(()) }
}
