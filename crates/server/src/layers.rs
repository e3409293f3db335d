//! What every call passes, once around the whole router: identifiers, the log line, the deadline, authorisation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use concord_domain::errors::{Reason, Refusal};
use concord_policy::{Authorizer, Decision};
use futures_util::FutureExt as _;
use http::HeaderValue;
use tonic::{Code, Status};

use crate::call::Method;
use crate::identity::Peer;
use crate::limits::REQUEST_ID_MAX_CHARS;
use crate::status::status;

const REQUEST_ID: &str = "x-request-id";
const MODE: &str = "x-concord-mode";

/// What the layers know about the process.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) exercise: bool,
}

/// Gives the call an identifier, logs how it ended, and says in an exercise that it is one.
pub(crate) async fn observe(State(shell): State<Shell>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let request_id = given_request_id(&request).unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let trace_id = trace_id(&request).unwrap_or_default();
    let method = request.uri().path().trim_start_matches('/').to_owned();
    let caller =
        request.extensions().get::<Arc<Peer>>().map(|peer| peer.spiffe_id.clone()).unwrap_or_default();
    // A panic is a fault of the service; the caller learns no more than that.
    let answered = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let panicked = || status(Refusal::new(Reason::Internal, "the service failed")).into_http();
    let mut response = answered.unwrap_or_else(|_| panicked());
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if shell.exercise {
        response.headers_mut().insert(MODE, HeaderValue::from_static("EXERCISE"));
    }
    // Without the header the status is in the trailers, as for every call that a handler answered with a message.
    let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
    let duration_ms = began.elapsed().as_secs_f64() * 1_000.0;
    tracing::info!(%method, ?code, duration_ms, %caller, %request_id, %trace_id, "call");
    response
}

fn given_request_id(request: &Request) -> Option<String> {
    let given = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = given.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    (plain && !given.is_empty() && given.len() <= REQUEST_ID_MAX_CHARS).then(|| given.to_owned())
}

/// The trace identifier of a W3C `traceparent`.
fn trace_id(request: &Request) -> Option<String> {
    let mut parts = request.headers().get("traceparent")?.to_str().ok()?.split('-');
    let trace_id = parts.nth(1)?;
    (trace_id.len() == 32 && trace_id.bytes().all(|b| b.is_ascii_hexdigit())).then(|| trace_id.to_owned())
}

/// Lets a call pass that the policy allows for its matched method; what matches no method never reaches a handler.
pub(crate) async fn authorise(State(shell): State<Shell>, mut request: Request, next: Next) -> Response {
    let Some(method) = request.uri().path().strip_prefix('/').map(str::to_owned) else {
        return Status::unimplemented("no such method").into_http();
    };
    let Some(peer) = request.extensions().get::<Arc<Peer>>() else {
        return status(Refusal::new(Reason::IdentityUnknown, "no verified client certificate")).into_http();
    };
    match shell.authorizer.authorise(&peer.actor, &method) {
        Decision::Allow => {
            let longest = shell.authorizer.longest(&method).unwrap_or_default();
            request.extensions_mut().insert(Method { name: method, longest });
            next.run(request).await
        }
        Decision::Unknown => Status::unimplemented("no such method").into_http(),
        Decision::Deny => {
            let role = peer.actor.role.path();
            let message = format!("{} in role {role} may not call {method}", peer.actor.participant);
            let refusal =
                Refusal::new(Reason::RoleForbidden, message).with("role", role).with("method", method);
            status(refusal).into_http()
        }
    }
}

/// Answers DEADLINE_EXCEEDED when the caller's deadline, or the longest that the method may take, has passed.
pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    let longest = request.extensions().get::<Method>().map(|method| method.longest).unwrap_or_default();
    let within = asked_timeout(&request).map_or(longest, |asked| asked.min(longest));
    match tokio::time::timeout(within, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message =
                format!("no answer within {} ms; what was asked may yet happen", within.as_millis());
            status(Refusal::new(Reason::DeadlineExceeded, message)).into_http()
        }
    }
}

/// The caller's `grpc-timeout`: at most eight digits and a unit.
fn asked_timeout(request: &Request) -> Option<Duration> {
    let text = request.headers().get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = if digits.len() <= 8 { digits.parse().ok()? } else { return None };
    Some(match unit {
        "H" => Duration::from_secs(amount.saturating_mul(3_600)),
        "M" => Duration::from_secs(amount.saturating_mul(60)),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;

    /// How a call that nobody answers ends, of a method that may take so long, asked for with such a timeout.
    async fn ended(longest: Duration, asked: Option<&str>) -> Code {
        let router = Router::new().route("/a.B/C", post(std::future::pending::<()>)).layer(from_fn(deadline));
        let mut request = Request::post("/a.B/C").extension(Method { name: "a.B/C".to_owned(), longest });
        if let Some(asked) = asked {
            request = request.header("grpc-timeout", asked);
        }
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        Status::from_header_map(response.headers()).unwrap().code()
    }

    #[tokio::test]
    async fn a_call_that_outlives_its_deadline_is_told_so_by_its_own_code() {
        let (long, short) = (Duration::from_secs(600), Duration::from_millis(1));
        for (longest, asked) in [(long, Some("1m")), (short, None), (short, Some("10M"))] {
            assert_eq!(ended(longest, asked).await, Code::DeadlineExceeded, "{asked:?}");
        }
    }

    #[test]
    fn only_timeouts_of_the_protocol_are_read() {
        let read = |text: &str| {
            asked_timeout(&Request::post("/").header("grpc-timeout", text).body(Body::empty()).unwrap())
        };
        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for wrong in ["", "S", "1", "1x", "123456789S", "-1S"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
