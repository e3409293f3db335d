//! Presence assessments.

use concord_domain::errors::Violation;
use concord_domain::ids::name_of;
use concord_domain::registry::presence::{Assessment, Command, Level, Subject};

use crate::fields::{Converted, Faults};
use crate::pb::registry::v1 as pb;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

const COLLECTION: &str = "presence";

/// The message of an assessment.
#[must_use]
pub fn assessment_to_pb(row: &Assessment) -> pb::PresenceAssessment {
    let Assessment { id, subject, level, area: place, observed_at, filed_by, withdrawn_at } = row;
    let (subject, group) = match subject {
        Subject::Group(group) => (pb::PresenceSubject::Group, group.clone()),
        Subject::OtherArmedGroups => (pb::PresenceSubject::OtherArmedGroups, String::new()),
    };
    let level = match level {
        Level::None => pb::PresenceLevel::None,
        Level::Possible => pb::PresenceLevel::Possible,
        Level::Confirmed => pb::PresenceLevel::Confirmed,
        Level::Controlling => pb::PresenceLevel::Controlling,
    };
    pb::PresenceAssessment {
        name: name_of(COLLECTION, id),
        subject: subject.into(),
        group,
        level: level.into(),
        area: Some(area::to_pb(place)),
        observe_time: Some(time::to_pb(*observed_at)),
        filed_by: Some(actor_to_pb(filed_by)),
        withdraw_time: withdrawn_at.map(time::to_pb),
    }
}

/// The command to file an assessment.
#[must_use]
pub fn file_from_pb(pb: pb::FilePresenceRequest) -> Converted<Command> {
    let pb::FilePresenceRequest { assessment, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let assessment = faults.required("assessment", assessment);
    let command = file(&mut faults, assessment);
    faults.finish(command)
}

fn file(faults: &mut Faults, pb: pb::PresenceAssessment) -> Command {
    let pb::PresenceAssessment {
        name: _,
        subject,
        group,
        level,
        area: place,
        observe_time,
        filed_by: _,
        withdraw_time: _,
    } = pb;
    let named = !group.is_empty();
    let stated = |subject: pb::PresenceSubject| match subject {
        pb::PresenceSubject::Unspecified => None,
        pb::PresenceSubject::Group => Some(Subject::Group(group.clone())),
        pb::PresenceSubject::OtherArmedGroups => Some(Subject::OtherArmedGroups),
    };
    let fitting = if named { Subject::Group(group.clone()) } else { Subject::OtherArmedGroups };
    let subject = faults.stated("assessment.subject", subject, fitting, stated);
    if subject == Subject::OtherArmedGroups && named {
        let rule = "empty for OTHER_ARMED_GROUPS";
        faults.push(Violation::new("assessment.group", rule, group, "leave it out"));
    }
    let level =
        faults.stated("assessment.level", level, Level::None, |level: pb::PresenceLevel| match level {
            pb::PresenceLevel::Unspecified => None,
            pb::PresenceLevel::None => Some(Level::None),
            pb::PresenceLevel::Possible => Some(Level::Possible),
            pb::PresenceLevel::Confirmed => Some(Level::Confirmed),
            pb::PresenceLevel::Controlling => Some(Level::Controlling),
        });
    let place = area::from_pb(faults, "assessment.area", place);
    let observed = time::required(faults, "assessment.observe_time", observe_time);
    Command::File { subject, level, area: place, observed_at: observed }
}

/// The command to withdraw an assessment.
#[must_use]
pub fn withdraw_from_pb(pb: pb::WithdrawPresenceRequest) -> Converted<Command> {
    let pb::WithdrawPresenceRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Withdraw { id })
}
