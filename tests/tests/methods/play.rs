//! Plays the rows of a table as calls, and keeps what was really observed.

use std::collections::{BTreeMap, BTreeSet};

use concord_cli::{Who, subject};
use concord_domain::actor::Role;
use concord_testkit::Cluster;
use prost_reflect::MethodDescriptor;
use serde_json::{Value, json};
use tonic::Status;

use crate::call::{answered, decoded, encoded, reason};
use crate::impatient::Impatient;
use crate::promises::{OK, Pair, carries_id, methods, promised, short};

/// One call: who makes it, and what it must come to.
pub(crate) struct Row {
    by: &'static str,
    method: &'static str,
    request: Value,
    told: &'static str,
    kept: Option<&'static str>,
}

/// A call that succeeds. Strings of the request may be `@etag NAME`, the last etag seen of a resource; `@LABEL POINTER`, a
/// part of an answer that was kept; or `@signed PARTY NAME`, the party's signature over what is consented to under a name, as
/// `concord sign` takes it or as a part of an answer, over the thing as it was seen last.
pub(crate) fn ok(by: &'static str, method: &'static str, request: Value) -> Row {
    no(by, method, request, OK)
}

/// A call that is refused for a reason.
pub(crate) fn no(by: &'static str, method: &'static str, request: Value, told: &'static str) -> Row {
    Row { by, method, request, told, kept: None }
}

impl Row {
    /// Keeps the answer under a label.
    pub(crate) fn kept(self, label: &'static str) -> Self {
        Self { kept: Some(label), ..self }
    }
}

/// What was observed of a package, and for each method a call that succeeded.
#[derive(Default)]
pub(crate) struct Seen {
    pairs: BTreeSet<Pair>,
    good: BTreeMap<String, (Who, Value)>,
}

impl Seen {
    pub(crate) fn note(&mut self, method: &MethodDescriptor, told: &str) {
        self.pairs.insert((short(method), told.to_owned()));
    }

    /// A caller and a request that have succeeded.
    pub(crate) fn good(&self, method: &MethodDescriptor) -> (Who, Value) {
        let name = short(method);
        self.good.get(&name).cloned().unwrap_or_else(|| panic!("no row lets {name} succeed"))
    }

    /// What is promised of the reasons that are given, and was not seen yet.
    pub(crate) fn missing(&self, package: &str, reason: &str) -> Vec<MethodDescriptor> {
        let missing = |method: &MethodDescriptor| {
            let pair = (short(method), reason.to_owned());
            promised(package).contains(&pair) && !self.pairs.contains(&pair)
        };
        methods(package).into_iter().filter(missing).collect()
    }

    /// Everything that is promised was seen, and nothing else was.
    pub(crate) fn compare(&self, package: &str) {
        let promised = promised(package);
        let unseen: Vec<_> = promised.difference(&self.pairs).collect();
        let unpromised: Vec<_> = self.pairs.difference(&promised).collect();
        assert!(unseen.is_empty(), "{package} promises and was not seen to give: {unseen:#?}");
        assert!(unpromised.is_empty(), "{package} was seen to give and does not promise: {unpromised:#?}");
        println!("{package}: {} pairs of method and outcome promised, all observed", promised.len());
    }
}

/// A cluster on which rows are played.
pub(crate) struct Play {
    pub(crate) cluster: Cluster,
    pub(crate) package: &'static str,
    pub(crate) service: &'static str,
    pub(crate) seen: Seen,
    kept: BTreeMap<&'static str, Value>,
    resources: BTreeMap<String, Value>,
    /// Where calls are given up before they are made.
    pub(crate) impatient: Option<Impatient>,
}

impl Play {
    /// A play of the methods of a package that one service of the cluster offers.
    pub(crate) fn new(cluster: Cluster, package: &'static str, service: &'static str, seen: Seen) -> Self {
        let (kept, resources) = (BTreeMap::new(), BTreeMap::new());
        Self { cluster, package, service, seen, kept, resources, impatient: None }
    }

    pub(crate) fn method(&self, name: &str) -> MethodDescriptor {
        let mut all = methods(self.package).into_iter();
        all.find(|method| short(method) == name).unwrap_or_else(|| panic!("no method {name}"))
    }

    /// Plays rows, one after the other.
    pub(crate) async fn run(&mut self, rows: Vec<Row>) {
        for row in rows {
            self.row(row).await;
        }
    }

    async fn row(&mut self, row: Row) {
        let Row { by, method, request, told, kept } = row;
        let (method, by) = (self.method(method), who(by));
        let mut request = self.filled(&request);
        let carries_id = carries_id(&method);
        if carries_id && told == OK {
            request["request_id"] = json!(uuid::Uuid::new_v4().to_string());
        }
        let before = match carries_id {
            true => self.given_up(&by, &method, &request).await,
            false => None,
        };
        let answer = self.in_time(self.call(&by, &method, &request)).await;
        if let (Some(before), Ok(answer)) = (before, &answer) {
            self.once(before, &request, answer).await;
        }
        let given = answer.as_ref().map_or_else(reason, |_| OK.to_owned());
        assert_eq!(given, told, "{} by {by} with {request}: {answer:?}", short(&method));
        self.seen.note(&method, &given);
        let Ok(answer) = answer else { return };
        self.remember(&answer);
        if let Some(label) = kept {
            self.kept.insert(label, answer.clone());
        }
        if carries_id {
            self.repeat(&by, &method, &request, answer).await;
        }
        self.seen.good.insert(short(&method), (by, request));
    }

    /// Repeated, a request gives its first answer again; its identifier serves for no other request.
    async fn repeat(&mut self, by: &Who, method: &MethodDescriptor, request: &Value, first: Value) {
        let told = |mut answer: Value| {
            // Where a decision stands is told anew each time.
            answer.as_object_mut().unwrap().remove("status");
            answer
        };
        let again = self.call(by, method, request).await.unwrap();
        assert_eq!(told(again), told(first), "{} repeated", short(method));
        let other = self.call(by, method, &altered(request)).await.unwrap_err();
        self.seen.note(method, &reason(&other));
    }

    /// One call, and its answer as JSON.
    pub(crate) async fn call(
        &self,
        by: &Who,
        method: &MethodDescriptor,
        request: &Value,
    ) -> Result<Value, Status> {
        let channel = self.cluster.sessions().channel(by, self.service)?;
        let answer = answered(channel, method, encoded(method, request)).await?;
        Ok(decoded(method.output(), answer))
    }

    /// The request with what was kept in its places.
    pub(crate) fn filled(&self, request: &Value) -> Value {
        match request {
            Value::Array(values) => values.iter().map(|value| self.filled(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect()
            }
            Value::String(text) => match text.strip_prefix('@').and_then(|text| text.split_once(' ')) {
                Some(("etag", name)) => self.resources[name]["etag"].clone(),
                Some(("signed", of)) => json!(self.signed(of)),
                Some((label, pointer)) => self.kept[label].pointer(pointer).unwrap().clone(),
                None => request.clone(),
            },
            plain => plain.clone(),
        }
    }

    /// A party's signature over what is consented to under a name, as the thing was seen last.
    fn signed(&self, of: &str) -> String {
        let (party, name) = of.split_once(' ').unwrap();
        let name = match self.filled(&json!(name)) {
            Value::String(name) => name,
            other => panic!("{other} is no name"),
        };
        let mut parts = name.splitn(3, '/');
        let (collection, id) = (parts.next().unwrap(), parts.next().unwrap());
        let read = &self.resources[&format!("{collection}/{id}")];
        let last =
            || read.pointer("/aliasProposals").unwrap().as_array().unwrap().last().unwrap()["id"].as_str();
        let name = match parts.next() {
            Some("aliases/last") => format!("{collection}/{id}/aliases/{}", last().unwrap()),
            _ => name,
        };
        let subject = subject(&name, &read.to_string()).unwrap();
        self.cluster.deployment().consent(party, &subject).unwrap()
    }

    /// Keeps every resource of an answer as it was seen last.
    fn remember(&mut self, answer: &Value) {
        for value in answer.as_object().into_iter().flat_map(|fields| fields.values()) {
            if let Some(Value::String(name)) = value.get("name") {
                self.resources.insert(name.clone(), value.clone());
            }
        }
    }
}

/// `participant/role/actor`.
pub(crate) fn who(path: &str) -> Who {
    let parts: Vec<&str> = path.split('/').collect();
    Who::new(parts[0], parts[2], Role::from_path(parts[1]).unwrap())
}

/// Another request with the same identifier, no less well formed.
fn altered(request: &Value) -> Value {
    let mut other = request.clone();
    let fields = other.as_object_mut().unwrap();
    let id = fields.keys().find(|key| key.ends_with("_id") && *key != "request_id" && *key != "alias_id");
    if let Some(id) = id.cloned() {
        fields.insert(id, json!("another"));
    } else if let Some(name) = fields.get("name") {
        let name = format!("{}-other", name.as_str().unwrap());
        fields.insert("name".to_owned(), json!(name));
    } else if let Some(operation) = fields.get_mut("operation") {
        operation["description"] = json!("another");
    } else if let Some(assessment) = fields.get_mut("assessment") {
        assessment["group"] = json!("another");
    } else if let Some(message) = fields.get_mut("message") {
        message["body"] = json!("another");
    } else if let Some(suspension) = fields.get_mut("suspension") {
        suspension["reason"] = json!("another");
    } else if let Some(entity) = fields.get_mut("protected_entity") {
        entity["display_name"] = json!("Another");
    } else {
        fields.insert("time".to_owned(), json!("2039-01-01T00:00:00Z"));
    }
    other
}
