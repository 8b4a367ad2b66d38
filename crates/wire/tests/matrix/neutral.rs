//! Fields that say nothing to another dialect, so that nothing is lost without them.

/// The client's dialect, the field, and why nothing is lost.
pub(crate) static NEUTRAL: &[(&str, &str, &str)] = &[
    ("openai_chat", "response_format(text)", TEXT),
    ("openai_chat", "response_format(json_schema).json_schema.name", LABEL),
    ("openai_chat", "response_format(json_schema).json_schema.strict", STRICT),
    ("openai_chat", "tools[custom].custom.format(text)", ANY_TEXT),
    ("openai_chat", "function_call", NO_TOOLS),
    ("openai_chat", "stream_options.include_usage", USAGE),
    ("openai_chat", "messages[user].content(list)[input_audio].input_audio.format", FOUND_OUT),
    ("openai_completions", "stream_options.include_usage", USAGE),
    ("openai_completions", "stream_options.include_obfuscation", NO_STREAM),
    ("openai_responses", "text.format(text)", TEXT),
    ("openai_responses", "text.format(json_schema).name", LABEL),
    ("openai_responses", "text.format(json_schema).strict", STRICT),
    ("openai_responses", "tools[function].strict", DEFAULT),
    ("openai_responses", "tools[custom].format(text)", ANY_TEXT),
    ("openai_responses", "tools[namespace].tools[custom].format(text)", ANY_TEXT),
    ("openai_responses", "input[message, user].status", ITEM),
    ("openai_responses", "input[message, system].status", ITEM),
    ("openai_responses", "input[message, developer].status", ITEM),
    ("openai_responses", "input[message, assistant].id", ITEM),
    ("openai_responses", "input[message, assistant].status", ITEM),
    ("openai_responses", "input[function_call].id", ITEM),
    ("openai_responses", "input[function_call].status", ITEM),
    ("openai_responses", "input[function_call_output].id", ITEM),
    ("openai_responses", "input[function_call_output].status", ITEM),
    ("openai_responses", "input[function_call_output].name", "the call that it answers has it"),
    ("openai_responses", "input[custom_tool_call].id", ITEM),
    ("openai_responses", "input[custom_tool_call_output].id", ITEM),
    ("openai_responses", "input[reasoning]", NO_THOUGHTS),
    ("openai_responses", "input[reasoning].id", ITEM),
    ("openai_responses", "input[reasoning].status", ITEM),
    ("openai_responses", "input[reasoning].encrypted_content", NO_THOUGHTS),
    ("openai_responses", "input[reasoning].summary[summary_text]", NO_THOUGHTS),
    ("openai_responses", "input[reasoning].summary[summary_text].text", NO_THOUGHTS),
    ("openai_responses", "input[reasoning].content[reasoning_text]", NO_THOUGHTS),
    ("openai_responses", "input[reasoning].content[reasoning_text].text", NO_THOUGHTS),
    ("anthropic", "thinking(adaptive)", "thinking as the model likes is what an absent effort says"),
    ("anthropic", "thinking(adaptive).display", SHOWN),
    ("anthropic", "thinking(enabled).display", SHOWN),
    ("anthropic", "thinking(disabled)", "a completion does not think"),
    ("anthropic", "tool_choice(auto)", DEFAULT),
    ("anthropic", "tool_choice(none)", NO_TOOLS),
    ("anthropic", "messages[user].content[image].source(base64).media_type", FOUND_OUT),
    ("anthropic", "messages[assistant].content[thinking]", NO_THOUGHTS),
    ("anthropic", "messages[assistant].content[thinking].signature", NO_THOUGHTS),
    ("anthropic", "messages[assistant].content[thinking].thinking", NO_THOUGHTS),
    ("anthropic", "messages[assistant].content[redacted_thinking]", NO_THOUGHTS),
    ("anthropic", "messages[assistant].content[redacted_thinking].data", NO_THOUGHTS),
    ("ollama", "think", "thinking as the model likes is what an absent effort says"),
    ("ollama", "messages[assistant].thinking", NO_THOUGHTS),
    ("gemini", "generationConfig.thinkingConfig.includeThoughts", SHOWN),
    ("gemini", "contents[user].parts[fileData].mimeType", FOUND_OUT),
    ("gemini", "contents[user].parts[functionResponse].parts[].fileData.mimeType", FOUND_OUT),
    ("gemini", "contents[model].parts[thought]", NO_THOUGHTS),
];

const TEXT: &str = "plain text is what an absent format says";
const ANY_TEXT: &str = "any text is what an absent format says";
const LABEL: &str = "a label that nobody reads";
const STRICT: &str = "there an answer is always held to its schema";
const DEFAULT: &str = "the example says what an absent field says";
const NO_TOOLS: &str = "without tools there is nothing to choose from";
const USAGE: &str = "usage is always asked for";
const NO_STREAM: &str = "the example does not stream";
const FOUND_OUT: &str = "the provider finds it out from the data";
const SHOWN: &str = "there thoughts are shown where there are any";
const ITEM: &str = "the client's own bookkeeping";
const NO_THOUGHTS: &str = "nobody reads earlier thoughts there";
