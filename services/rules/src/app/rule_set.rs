//! Rule sets, of which one may be asked for as the one in force.

use concord_domain::errors::Refusal;
use concord_domain::rules::rule_set::RuleSet;
use concord_domain::table::Resource as _;
use concord_proto::fields::Faults;
use concord_proto::rules::rule_set::IN_FORCE;
use concord_server::past::{Found, Time};

use super::App;

impl App {
    /// The rule set of a name, or the one in force.
    pub(crate) async fn rule_set(&self, name: &str, as_of: Option<Time>) -> Result<Found<RuleSet>, Refusal> {
        let mut faults = Faults::default();
        let mut id = faults.id("name", RuleSet::COLLECTION, name);
        let view = self.core.view(faults, as_of).await?;
        if id == IN_FORCE {
            let then = view.table::<RuleSet>().await?;
            id = then.state.rule_set_in_force().map_or(id, |row| row.id.clone());
        }
        view.one(view.row(&id).await?).await
    }
}
