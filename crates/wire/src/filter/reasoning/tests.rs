use super::*;

/// What is told of a text in pieces of so many characters: thoughts and answer.
fn run(start: Start, text: &str, size: usize) -> (String, String) {
    let mut split = Split::new(start);
    let (mut thoughts, mut answer) = (String::new(), String::new());
    let mut tell = |voice, text: &str| {
        match voice {
            Voice::Thoughts => thoughts.push_str(text),
            Voice::Answer => answer.push_str(text),
        }
        false
    };
    let all: Vec<char> = text.chars().collect();
    for piece in all.chunks(size) {
        let piece: String = piece.iter().collect();
        match split.passes(&piece) {
            Some(voice) => {
                tell(voice, &piece);
            }
            None => split.push(&piece, &mut tell),
        }
    }
    split.finish(&mut tell);
    (thoughts, answer)
}

/// However it is cut.
#[track_caller]
fn check(start: Start, text: &str, thoughts: &str, answer: &str) {
    for size in 1..=text.chars().count() {
        assert_eq!(run(start, text, size), (thoughts.to_owned(), answer.to_owned()), "{text} in pieces of {size}");
    }
}

#[test]
fn tags_tell_thoughts_from_the_answer() {
    check(Start::Answer, "<think>\nWell, a < b.\n</think>\n\nYes.", "Well, a < b.\n", "Yes.");
    check(Start::Answer, "[THINK]Hm[/THINK]Yes.", "Hm", "Yes.");
    check(Start::Answer, "\u{25c1}think\u{25b7}Hm\u{25c1}/think\u{25b7}Yes.", "Hm", "Yes.");
    check(Start::Answer, "<think>a<think>b</think>c</think>d", "abc", "d");
    check(Start::Answer, "<think>no end", "no end", "");
    check(Start::Answer, "<|START_THINKING|>Hm<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>", "Hm", "Yes.");
}

#[test]
fn an_opening_tag_may_be_missing() {
    check(Start::Thoughts, "Hm.\n</think>\n\nYes.", "Hm.\n", "Yes.");
    check(Start::Unknown, "Hm.\n</think>\n\nYes.", "Hm.", "Yes.");
    check(Start::Unknown, "<think>Hm.</think>Yes.", "Hm.", "Yes.");
    check(Start::Unknown, "Just an answer <b>.", "", "Just an answer <b>.");
    check(Start::Answer, "Hm.\n</think>\n\nYes.", "", "Hm.\nYes.");
}

#[test]
fn channels_of_harmony_are_told_apart() {
    let text = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>";
    check(Start::Answer, text, "Hm.", "Yes.");
    check(Start::Answer, "<|channel|>commentary<|message|>I look.<|end|>", "", "I look.");
    let call = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>";
    check(Start::Answer, call, "", call);
    check(Start::Answer, "analysisThe user asks.assistantfinalYes.", "The user asks.", "Yes.");
    check(Start::Answer, "final: Yes.", "", "Yes.");
    check(Start::Answer, "analysis of the text: good", "", "analysis of the text: good");
}

#[test]
fn what_speaks_of_tags_is_none() {
    for text in ["Use `<think>` and `</think>`.", "a <think> b", "```\n<think>\nx\n</think>\n```\n", "a<b </thin"] {
        check(Start::Answer, text, "", text);
    }
}
