//! Reading conversations and acting on them (Genesys reference 6.1).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::oauth::Caller;
use crate::org::OrgRefusal;
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::platform::known_fields;
use crate::simulator::Simulator;

const DISCONNECT: &str = "conversation:communication:disconnect";
const VIEW_MESSAGE: [&str; 2] = ["conversation:message:view", "conversation:webmessaging:view"];

/// The routes of conversations.
pub(crate) fn routes() -> Router<Simulator> {
    let message = |suffix: &str| format!("/api/v2/conversations/messages/{suffix}");
    let any = |suffix: &str| format!("/api/v2/conversations/{suffix}");
    let of_message = "{conversationId}/participants/{participantId}";
    Router::new()
        .route(&message("agentless"), post(send_agentless))
        .route(&message("{conversationId}"), get(read).patch(change_conversation))
        .route(&message(of_message), patch(change_participant))
        .route(
            &message(&format!("{of_message}/communications/{{communicationId}}")),
            patch(change_communication),
        )
        .route(&message(&format!("{of_message}/attributes")), patch(set_message_attributes))
        .route(&any(&format!("{of_message}/attributes")), patch(set_attributes))
        .route(&message(&format!("{of_message}/replace")), post(replace))
        .route(&any(&format!("{of_message}/replace/queue")), post(replace_with_queue))
        .route(&message("{conversationId}/messages/bulk"), post(read_messages))
        .route(&message("{conversationId}/messages/{messageId}"), get(read_message))
        .route(&message("{messageId}/details"), get(read_details))
        .route(&any("{conversationId}/disconnect"), post(disconnect))
        .route(&any("{conversationId}"), get(read_any).delete(disconnect))
}

type Answer = Result<Json<Value>, PlatformError>;
type Done = Result<StatusCode, PlatformError>;

async fn read(State(simulator): State<Simulator>, Path(id): Path<String>) -> Answer {
    Ok(Json(simulator.ask_org(|org| org.conversation(&id))?))
}

/// The model that all media share.
async fn read_any(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have_any(&["conversation:communication:view"])?;
    Ok(Json(simulator.ask_org(|org| org.conversation_of_any_medium(&id))?))
}

async fn read_message(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path((conversation_id, message_id)): Path<(String, String)>,
) -> Answer {
    caller.must_have_any(&VIEW_MESSAGE)?;
    Ok(Json(simulator.ask_org(|org| org.message(&conversation_id, &message_id))?))
}

async fn read_messages(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(conversation_id): Path<String>,
    JsonBody(ids): JsonBody,
) -> Answer {
    caller.must_have_any(&VIEW_MESSAGE)?;
    let ids: Vec<String> = serde_json::from_value(ids).map_err(|_| PlatformError::malformed())?;
    let messages = simulator.ask_org(|org| {
        let found = ids.iter().map(|id| org.message(&conversation_id, id));
        found.collect::<Result<Vec<Value>, OrgRefusal>>()
    })?;
    Ok(Json(json!({ "entities": messages })))
}

async fn read_details(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(message_id): Path<String>,
) -> Answer {
    caller.must_have_any(&VIEW_MESSAGE)?;
    Ok(Json(simulator.ask_org(|org| org.message_details(&message_id))?))
}

async fn send_agentless(
    State(simulator): State<Simulator>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), PlatformError> {
    caller.must_have("conversation:message:create")?;
    simulator.count_unknown_fields(&body, known_fields::AGENTLESS);
    let sent = simulator.with_org(|org, now| org.send_agentless(now, &body))?;
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

/// The only change that is answered with the model that all media share.
async fn change_conversation(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have_any(&[DISCONNECT, "conversation:message:park"])?;
    must_disconnect(&simulator, &body)?;
    Ok(Json(simulator.with_org(|org, now| {
        org.disconnect_conversation(now, &id)?;
        org.conversation_of_any_medium(&id)
    })?))
}

async fn change_participant(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path((conversation_id, participant_id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Done {
    let any_of = ["conversation:participant:wrapup", "conversation:call:record", DISCONNECT];
    caller.must_have_any(&any_of)?;
    must_disconnect(&simulator, &body)?;
    done(
        simulator.with_org(|org, now| {
            org.disconnect_participant(now, &conversation_id, &participant_id)
        }),
    )
}

async fn change_communication(
    State(simulator): State<Simulator>,
    Path((conversation_id, participant_id, communication_id)): Path<(String, String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    must_disconnect(&simulator, &body)?;
    simulator.with_org(|org, now| {
        org.disconnect_communication(now, &conversation_id, &participant_id, &communication_id)
    })?;
    Ok(Json(json!({})))
}

async fn set_attributes(
    State(simulator): State<Simulator>,
    Path((conversation_id, participant_id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Done {
    simulator.count_unknown_fields(&body, known_fields::ATTRIBUTES);
    done(
        simulator
            .with_org(|org, now| org.set_attributes(now, &conversation_id, &participant_id, &body)),
    )
}

/// The spelling for messages alone answers the attributes.
async fn set_message_attributes(
    state: State<Simulator>,
    path: Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    set_attributes(state, path, JsonBody(body.clone())).await?;
    Ok(Json(body))
}

async fn replace(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path((conversation_id, participant_id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Done {
    caller.must_have_any(&["conversation:communication:blindTransfer"])?;
    simulator.count_unknown_fields(&body, known_fields::TRANSFER);
    done(simulator.with_org(|org, now| org.replace(now, &conversation_id, &participant_id, &body)))
}

async fn replace_with_queue(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path((conversation_id, participant_id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Done {
    caller.must_have_any(&[
        "conversation:communication:blindTransfer",
        "conversation:communication:blindTransferQueue",
    ])?;
    simulator.count_unknown_fields(&body, known_fields::TRANSFER);
    done(
        simulator.with_org(|org, now| {
            org.replace_with_queue(now, &conversation_id, &participant_id, &body)
        }),
    )
}

/// `POST …/disconnect` answers a string of JSON.
async fn disconnect(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have_any(&[DISCONNECT])?;
    simulator.with_org(|org, now| org.disconnect_conversation(now, &id))?;
    Ok(Json(json!("")))
}

/// The simulator takes no change of state but the end.
fn must_disconnect(simulator: &Simulator, body: &Value) -> Result<(), PlatformError> {
    simulator.count_unknown_fields(body, known_fields::PARTICIPANT);
    match body.get("state").and_then(Value::as_str) {
        Some("disconnected") => Ok(()),
        Some(state) => Err(OrgRefusal::invalid_value("state", state, &["disconnected"]).into()),
        None => Err(PlatformError::malformed()),
    }
}

fn done(outcome: Result<(), OrgRefusal>) -> Done {
    outcome?;
    Ok(StatusCode::ACCEPTED)
}
