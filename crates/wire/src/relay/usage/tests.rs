use super::*;

#[track_caller]
fn check(json: &str, expected: [u64; 4]) {
    let [input, cache_read, output, reasoning] = expected;
    assert_eq!(
        read_usage(json.as_bytes()),
        Some(Usage { input, cache_read, cache_write: 0, output, reasoning, ..Usage::default() }),
        "{json}"
    );
}

#[test]
fn reads_every_shape_of_the_family() {
    check(r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#, [10, 0, 5, 0]);
    check(
        r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"text_tokens":1,"cached_tokens":4},
            "completion_tokens_details":{"reasoning_tokens":3}}"#,
        [6, 4, 5, 3],
    );
    check(
        r#"{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":3}}"#,
        [6, 4, 5, 3],
    );
    check(
        r#"{"prompt_tokens":10,"completion_tokens":5,"reasoning_tokens":3,"prompt_tokens_details":null}"#,
        [10, 0, 5, 3],
    );
    check(
        r#"{"prompt_tokens":10,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2,"completion_tokens":1}"#,
        [2, 8, 1, 0],
    );
    check(r#"{"prompt_tokens":1,"completion_tokens":2,"input_tokens":10,"output_tokens":20}"#, [10, 0, 20, 0]);
    check(r#"{"prompt_tokens":7,"total_tokens":7}"#, [7, 0, 0, 0]);
}

#[test]
fn sound_is_a_part_of_what_it_came_in() {
    let chat = r#"{"prompt_tokens":10,"completion_tokens":5,
        "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":5},"completion_tokens_details":{"audio_tokens":3}}"#;
    let expected = Usage { input: 6, cache_read: 4, output: 5, audio_input: 5, audio_output: 3, ..Usage::default() };
    assert_eq!(read_usage(chat.as_bytes()), Some(expected));
    let more_than_all = r#"{"prompt_tokens":1,"prompt_tokens_details":{"audio_tokens":5}}"#;
    assert_eq!(read_usage(more_than_all.as_bytes()), Some(Usage { input: 1, audio_input: 1, ..Usage::default() }));
    let gemini = r#"{"promptTokenCount":10,"candidatesTokenCount":7,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":4},{"modality":"AUDIO","tokenCount":6}],
        "candidatesTokensDetails":[{"modality":"AUDIO"},{"modality":"AUDIO","tokenCount":2}]}"#;
    let expected = Usage { input: 10, output: 7, audio_input: 6, audio_output: 2, ..Usage::default() };
    assert_eq!(read_usage_metadata(gemini.as_bytes()), Some(expected));
}

#[test]
fn takes_odd_numbers_as_best_it_can() {
    check(r#"{"prompt_tokens":10.9,"completion_tokens":-5}"#, [10, 0, 0, 0]);
    check(r#"{"prompt_tokens":1e3,"completion_tokens":null}"#, [1000, 0, 0, 0]);
    check(r#"{"prompt_tokens":"7","completion_tokens":99999999999999999999999}"#, [0, 0, u64::MAX, 0]);
    check(
        r#"{"prompt_tokens":3,"completion_tokens":1,"reasoning_tokens":9,"prompt_cache_hit_tokens":5}"#,
        [0, 3, 1, 1],
    );
}

#[test]
fn gives_nothing_when_nothing_is_counted() {
    for json in ["{}", "null", "[]", "", r#"{"prompt_tokens":null}"#, r#"{"prompt_tokens":1"#] {
        assert_eq!(read_usage(json.as_bytes()), None, "{json}");
    }
}

#[track_caller]
fn check_usage(read: impl Fn(&[u8]) -> Option<Usage>, json: &str, expected: [u64; 5]) {
    let [input, cache_read, cache_write, output, reasoning] = expected;
    assert_eq!(
        read(json.as_bytes()),
        Some(Usage { input, cache_read, cache_write, output, reasoning, ..Usage::default() }),
        "{json}"
    );
}

#[test]
fn what_was_cached_is_told_from_what_was_not_by_the_names_of_the_details() {
    check_usage(
        read_usage,
        r#"{"input_tokens":20,"cache_creation_input_tokens":7,"cache_read_input_tokens":80,"output_tokens":15,
            "cache_creation":{"ephemeral_5m_input_tokens":7},"output_tokens_details":{"thinking_tokens":4},"service_tier":"standard"}"#,
        [20, 80, 7, 15, 4],
    );
    check_usage(
        read_usage,
        r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":80,"cache_write_tokens":7},"output_tokens":5}"#,
        [13, 80, 7, 5, 0],
    );
    check_usage(
        read_usage,
        r#"{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":80},"completion_tokens":5,
            "cache_creation_input_tokens":7,"cache_read_input_tokens":80}"#,
        [13, 80, 7, 5, 0],
    );
    check_usage(
        read_usage,
        r#"{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":4}}"#,
        [0, 4, 1, 0, 0],
    );
    check_usage(
        read_usage,
        r#"{"input_tokens":20,"cache_read_input_tokens":null,"output_tokens":1}"#,
        [20, 0, 0, 1, 0],
    );
    check_usage(read_usage, r#"{"output_tokens":15}"#, [0, 0, 0, 15, 0]);
}

#[test]
fn metadata_of_gemini_counts_thoughts_as_output_and_tool_results_as_input() {
    check_usage(
        read_usage_metadata,
        r#"{"promptTokenCount":100,"cachedContentTokenCount":80,"toolUsePromptTokenCount":5,"candidatesTokenCount":2,"thoughtsTokenCount":7,"totalTokenCount":114}"#,
        [25, 80, 0, 9, 7],
    );
    check_usage(read_usage_metadata, r#"{"promptTokenCount":3,"cachedContentTokenCount":9}"#, [0, 3, 0, 0, 0]);
    for json in ["{}", "null", r#"{"totalTokenCount":7}"#, r#"{"promptTokenCount":1"#] {
        assert_eq!(read_usage_metadata(json.as_bytes()), None, "{json}");
    }
}

#[test]
fn a_later_figure_may_tell_cached_from_fresh() {
    let first = Usage { input: 100, output: 1, ..Usage::default() };
    let last = Usage { input: 20, cache_read: 80, output: 9, reasoning: 2, ..Usage::default() };
    assert_eq!(merge(None, Some(first)), Some(first));
    assert_eq!(merge(Some(first), None), Some(first));
    assert_eq!(merge(Some(first), Some(last)), Some(last));
    let output_alone = Usage { output: 12, ..Usage::default() };
    assert_eq!(merge(Some(last), Some(output_alone)), Some(Usage { output: 12, ..last }));
}
