//! What a holder makes of the last that it was told about its permit: what is not confirmed in time is void.

use concord_domain::time::Timestamp;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::shared::time;

/// How a permit stands for its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It lives, and must be confirmed again before this instant.
    LivesUntil(Timestamp),
    /// It was not confirmed in time, or on heads that could not be confirmed: it counts as void.
    Unconfirmed,
    /// It lives no longer, or never did.
    Ended,
}

/// How a permit stands at `now` by the newest status that its holder was given. A holder asks this before each act that
/// rests on the permit, and `ConfirmDecision` for a newer status in good time.
#[must_use]
pub fn standing(status: &pb::DecisionStatus, now: Timestamp) -> Standing {
    if !matches!(status.state(), pb::DecisionState::Permitted | pb::DecisionState::Released) {
        return Standing::Ended;
    }
    let until = status.confirm_by_time.and_then(|at| time::from_pb("confirm_by_time", at).ok());
    match until {
        Some(until) if status.confirmation() == pb::Confirmation::Confirmed && now < until => {
            Standing::LivesUntil(until)
        }
        _ => Standing::Unconfirmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn permitted() -> pb::DecisionStatus {
        pb::DecisionStatus {
            state: pb::DecisionState::Permitted.into(),
            confirmation: pb::Confirmation::Confirmed.into(),
            confirm_by_time: Some(time::to_pb(at(300))),
            ..Default::default()
        }
    }

    #[test]
    fn a_permit_lives_until_it_must_be_confirmed_and_is_void_from_then_on() {
        assert_eq!(standing(&permitted(), at(0)), Standing::LivesUntil(at(300)));
        assert_eq!(standing(&permitted(), at(299)), Standing::LivesUntil(at(300)));
        assert_eq!(standing(&permitted(), at(300)), Standing::Unconfirmed);
    }

    #[test]
    fn what_says_less_than_a_confirmed_permit_is_none() {
        let unconfirmed =
            pb::DecisionStatus { confirmation: pb::Confirmation::Unconfirmed.into(), ..permitted() };
        assert_eq!(standing(&unconfirmed, at(0)), Standing::Unconfirmed);
        let endless = pb::DecisionStatus { confirm_by_time: None, ..permitted() };
        assert_eq!(standing(&endless, at(0)), Standing::Unconfirmed);
        let states = [
            pb::DecisionState::Unspecified,
            pb::DecisionState::Referred,
            pb::DecisionState::Denied,
            pb::DecisionState::Refused,
            pb::DecisionState::Lapsed,
            pb::DecisionState::Void,
            pb::DecisionState::Expired,
        ];
        for state in states {
            let status = pb::DecisionStatus { state: state.into(), ..permitted() };
            assert_eq!(standing(&status, at(0)), Standing::Ended, "{state:?}");
        }
    }
}
