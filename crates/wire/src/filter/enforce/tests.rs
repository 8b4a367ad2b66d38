use super::*;
use crate::DialectId;
use crate::ir::{Reasoning, Seal, SealOrigin, ToolCall};

const DONE: &str = "[DONE]";

fn demand() -> Demand {
    Demand { flag: Some(DONE.into()), guidance: Some("End with {flag}.".into()), empty_passes: false }
}

fn request(body: &str) -> Request {
    crate::dialect::of(DialectId::OpenaiChat).decode_request(body.as_bytes()).expect("a right body")
}

fn asked() -> Request {
    request(
        r#"{"model":"m","tools":[{"type":"function","function":{"name":"read"}}],"messages":[
            {"role":"system","content":"be brief"},{"role":"user","content":"go on"}]}"#,
    )
}

fn answer(blocks: Vec<Content>) -> Response {
    Response {
        id: "a".to_owned(),
        model: "m".to_owned(),
        created: 0,
        blocks: blocks.into_iter().map(Block::from).collect(),
        stop: StopReason::End,
        usage: None,
        tier: None,
        extras: Vec::new(),
    }
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn thoughts(text: &str, seal: Option<Seal>) -> Content {
    Content::Reasoning(Reasoning { text: text.to_owned(), summary: false, seal, redacted: false, id: None })
}

fn call() -> Content {
    let (id, name) = ("c1".to_owned(), "read".to_owned());
    Content::ToolCall(ToolCall { id, name, arguments: "{}".to_owned(), custom: false, seal: None })
}

/// What is left of an answer that will do, or `None` for one that will not.
fn check(demand: &Demand, blocks: Vec<Content>) -> Option<Vec<String>> {
    let mut response = answer(blocks);
    let shown = |block: &Block| match &block.content {
        Content::Text(text) => format!("text {text}"),
        Content::Reasoning(thoughts) => format!("thoughts {}", thoughts.text),
        Content::ToolCall(call) => format!("call {}", call.name),
        other @ (Content::Refusal(_) | Content::Media(_) | Content::ToolResult(_) | Content::Opaque { .. }) => {
            format!("{other:?}")
        }
    };
    demand.accepts(&mut response).then(|| response.blocks.iter().map(shown).collect())
}

fn said(request: &Request) -> Vec<String> {
    let text = |message: &Message| message.blocks.iter().filter_map(Block::as_text).collect::<String>();
    request.messages.iter().map(|message| format!("{:?}: {}", message.role, text(message))).collect()
}

#[test]
fn a_call_or_the_flag_will_do_and_the_flag_is_not_seen() {
    let kept = |blocks: &[&str]| Some(blocks.iter().map(|&block| block.to_owned()).collect());
    assert_eq!(check(&demand(), vec![text("I would read it")]), None);
    assert_eq!(check(&demand(), vec![text("I read it"), call()]), kept(&["text I read it", "call read"]));
    assert_eq!(check(&demand(), vec![text("It is so.\n[DONE]\n")]), kept(&["text It is so."]));
    assert_eq!(check(&demand(), vec![text("[DONE] It is so.")]), kept(&["text  It is so."]));
    assert_eq!(check(&demand(), vec![text("[DONE]")]), kept(&[]));
    assert_eq!(check(&demand(), vec![text("[DONE]"), call()]), kept(&["call read"]));
}

#[test]
fn what_is_thought_does_not_count_and_what_is_sealed_stays() {
    let sealed = || thoughts("say [DONE]", Some(Seal { origin: SealOrigin::Anthropic, data: "s".to_owned() }));
    assert_eq!(check(&demand(), vec![thoughts("say [DONE]", None)]), None);
    let kept = check(&demand(), vec![thoughts("say [DONE]", None), sealed(), text("so [DONE]")]);
    assert_eq!(kept, Some(vec!["thoughts say".to_owned(), "thoughts say [DONE]".to_owned(), "text so".to_owned()]));
}

#[test]
fn an_empty_answer_will_do_only_where_that_is_said() {
    let lenient = Demand { empty_passes: true, ..demand() };
    assert_eq!(check(&demand(), vec![]), None);
    assert_eq!(check(&lenient, vec![]), Some(vec![]));
    assert_eq!(check(&lenient, vec![text(" \n")]), Some(vec!["text  \n".to_owned()]));
    assert_eq!(check(&lenient, vec![text("well")]), None);
}

#[test]
fn what_was_refused_or_filtered_is_not_asked_for_again() {
    assert!(check(&demand(), vec![Content::Refusal("no".to_owned())]).is_some());
    let mut filtered = Response { stop: StopReason::Filtered, ..answer(vec![text("I")]) };
    assert!(demand().accepts(&mut filtered));
}

#[test]
fn only_those_who_offer_tools_are_held_to_it() {
    assert!(demand().is_for(&asked()));
    assert!(!demand().is_for(&request(r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#)));
    let mut unwanted = asked();
    unwanted.tool_choice = Some(ToolChoice::None);
    assert!(!demand().is_for(&unwanted));
}

#[test]
fn what_the_model_is_told_beforehand_fits_how_it_may_end() {
    let told = |demand: Demand| {
        let mut asked = asked();
        demand.guide(&mut asked);
        said(&asked)[1].clone()
    };
    let ours = Demand { guidance: None, ..demand() };
    assert_eq!(told(ours.clone()), format!("System: {}", GUIDANCE_TO_FLAG.replace(FLAG, DONE)));
    assert_eq!(told(Demand { flag: None, ..ours }), format!("System: {GUIDANCE}"));
    assert_eq!(told(Demand { guidance: Some("".into()), ..demand() }), "User: go on", "nothing was told");
}

#[test]
fn corrections_do_not_pile_up() {
    let mut asked = asked();
    demand().guide(&mut asked);
    let told = ["System: be brief", "System: End with [DONE].", "User: go on"];
    assert_eq!(said(&asked), told);
    let first = demand().correction(&asked, &answer(vec![text("one")]));
    let second = demand().correction(&asked, &answer(vec![text("two"), thoughts("hm", None)]));
    let third = demand().correction(&asked, &answer(vec![]));
    let correction = format!("User: {}", CALL_OR_FLAG.replace(FLAG, DONE));
    assert_eq!(said(&first)[3..], ["Assistant: one".to_owned(), correction.clone()]);
    assert_eq!(said(&second)[3..], ["Assistant: two".to_owned(), correction.clone()]);
    assert_eq!(said(&third)[3..], [correction]);
    let always = Demand { flag: None, ..demand() };
    assert_eq!(said(&always.correction(&asked, &answer(vec![])))[3..], [format!("User: {CALL}")]);
}

#[test]
fn a_long_failed_answer_is_shown_in_part() {
    let again = demand().correction(&asked(), &answer(vec![text(&"é".repeat(SHOWN_BYTES_MAX))]));
    assert_eq!(again.messages[2].blocks[0].as_text().map(str::len), Some(SHOWN_BYTES_MAX));
}
