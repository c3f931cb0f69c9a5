//! The one table from failures to statuses, and how a failure is told.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::access::NotAllowed;
use crate::engine::{EngineError, ErrorKind};
use crate::model::{Issue, NotAWord};

/// Why a request has no answer.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    message: String,
    issues: Vec<Issue>,
    /// More that belongs to the error, by name.
    details: Option<Box<Value>>,
    /// Of statuses that ask to come again.
    retry_after_s: u64,
}

const RETRY_AFTER_S: u64 = 5;

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        ApiError { status, message: message.into(), issues: Vec::new(), details: None, retry_after_s: RETRY_AFTER_S }
    }

    /// To come again after so many seconds.
    pub(super) fn after(self, seconds: u64) -> Self {
        ApiError { retry_after_s: seconds.max(1), ..self }
    }

    /// Nobody is known to ask, and an account would help.
    pub(super) fn not_signed_in(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub(super) fn too_long(message: impl Into<String>) -> Self {
        Self::new(StatusCode::URI_TOO_LONG, message)
    }

    /// What a change rests on was not said.
    pub(super) fn without_precondition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_REQUIRED, message)
    }

    pub(super) fn too_many(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, message)
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// The message is for the log; the reader is told that it was not his fault.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// What a parameter names does not exist: the request is at fault, not the path.
    pub(super) fn of_parameter(self) -> Self {
        if self.status == StatusCode::NOT_FOUND { ApiError { status: StatusCode::BAD_REQUEST, ..self } } else { self }
    }

    fn code(&self) -> &'static str {
        match self.status {
            StatusCode::BAD_REQUEST => "bad_request",
            StatusCode::UNAUTHORIZED => "not_signed_in",
            StatusCode::FORBIDDEN => "not_allowed",
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            StatusCode::CONFLICT => "conflict",
            StatusCode::PRECONDITION_FAILED => "changed",
            StatusCode::PRECONDITION_REQUIRED => "if_match_needed",
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => "too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported",
            StatusCode::UNPROCESSABLE_ENTITY => "invalid_input",
            StatusCode::TOO_MANY_REQUESTS => "too_many",
            StatusCode::SERVICE_UNAVAILABLE => "unavailable",
            _ => "internal",
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::EditRefused { message, issues } => {
                return ApiError {
                    details: Some(Box::new(json!({ "issues": issues }))),
                    ..ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, message)
                };
            }
            EngineError::EditStale { message, details } => {
                return ApiError { details: Some(Box::new(details)), ..ApiError::new(StatusCode::CONFLICT, message) };
            }
            moved @ EngineError::CodeMoved { .. } => {
                return ApiError::new(StatusCode::PRECONDITION_FAILED, moved.to_string());
            }
            EngineError::FileRefused { why, message, layers } => {
                let status = match why {
                    "too_many" | "too_large" => StatusCode::PAYLOAD_TOO_LARGE,
                    "not_spatial" | "unsupported" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                };
                let details = Some(Box::new(json!({ "why": why, "layers": layers })));
                return ApiError { details, ..ApiError::new(status, message) };
            }
            EngineError::AlertMoved { ref now } => {
                let details = Some(Box::new(json!({ "etag": now })));
                return ApiError { details, ..ApiError::new(StatusCode::PRECONDITION_FAILED, error.to_string()) };
            }
            EngineError::RegisterMoved { now } => {
                let details = Some(Box::new(json!({ "revision": now })));
                return ApiError { details, ..ApiError::new(StatusCode::CONFLICT, error.to_string()) };
            }
            EngineError::PlanMoved { now } => {
                let details = Some(Box::new(json!({ "revision": now })));
                return ApiError { details, ..ApiError::new(StatusCode::PRECONDITION_FAILED, error.to_string()) };
            }
            _ => {}
        }
        // What a file or a legend of ours has is no fault of the reader, and its path is not for him.
        if !matches!(error, EngineError::Refused { .. } | EngineError::Crs(_)) {
            tracing::error!(error = %error.chain(), "a request failed");
            return match error.kind() {
                ErrorKind::Unavailable => ApiError::unavailable("the workspace is busy; ask again"),
                _ => ApiError::internal("the workspace or its rules cannot be read"),
            };
        }
        let status = match error.kind() {
            ErrorKind::Usage | ErrorKind::Invalid | ErrorKind::Unsupported => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::NotAllowed => StatusCode::FORBIDDEN,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        ApiError { issues: error.issues().to_vec(), ..ApiError::new(status, error.to_string()) }
    }
}

impl From<NotAllowed> for ApiError {
    fn from(error: NotAllowed) -> Self {
        match error {
            NotAllowed::WithoutAccount(_) => ApiError::not_signed_in(error.to_string()),
            _ => ApiError::forbidden(error.to_string()),
        }
    }
}

impl From<NotAWord> for ApiError {
    fn from(error: NotAWord) -> Self {
        ApiError::bad_request(error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let code = self.code();
        let message = if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self.message, "a request failed");
            "something went wrong on our side; the log says what".to_owned()
        } else {
            self.message
        };
        let mut body = json!({ "error": { "code": code, "message": message, "issues": self.issues } });
        for (name, value) in self.details.as_deref().and_then(Value::as_object).into_iter().flatten() {
            body["error"][name] = value.clone();
        }
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE || self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, self.retry_after_s.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"farmzone\""));
        }
        response
    }
}

/// Of a route: the router says in the header Allow what is possible there.
pub(super) async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not possible here; the header Allow says what is"))
}

/// Of a file of the web app.
pub(super) async fn only_read(method: Method) -> Response {
    let mut response = method_not_allowed(method).await.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// What a panic in a handler becomes.
pub(super) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::internal(format!("panic: {}", text.unwrap_or("no message"))).into_response()
}
