//! What Chat Completions calls the things of the neutral model.

use crate::ir::{Content, Field, MediaKind, Member, Names, ToolKind, ToolMember};

/// The names of Chat Completions, and of the legacy Completions.
#[derive(Debug)]
pub(in crate::dialects) struct Places;

impl Names for Places {
    fn fields(&self) -> &'static [(Field, &'static str)] {
        // Its names are the usual ones.
        &[]
    }

    fn of_block(&self, content: &Content, member: Member) -> &'static str {
        match member {
            Member::Citations => ANNOTATIONS,
            Member::MediaName => "file.filename",
            Member::MediaDetail if is_media(content, MediaKind::Video) => "video_url.detail",
            Member::MediaDetail if is_media(content, MediaKind::Audio) => "audio_url.detail",
            Member::MediaDetail => "image_url.detail",
            Member::Seal if matches!(content, Content::ToolCall(_)) => "extra_content",
            Member::Seal => DETAILS,
            Member::Arguments if matches!(content, Content::ToolCall(call) if call.custom) => "custom.input",
            Member::Arguments => "function.arguments",
            Member::IsError => "is_error",
        }
    }

    fn of_tool(&self, _kind: &ToolKind, member: ToolMember) -> &'static str {
        match member {
            ToolMember::Name => "function.name",
            ToolMember::Parameters => "function.parameters",
            ToolMember::Strict => "function.strict",
        }
    }

    /// Sources and thoughts are the message's, not the part's, save for thoughts that are a part as in Messages; functions
    /// and calls of 2023 have no wrapping.
    fn join(&self, at: &str, name: &str) -> String {
        match name {
            DETAILS if at.contains(".content[") => format!("{at}.signature"),
            ANNOTATIONS | DETAILS => format!("{}.{name}", message_of(at)),
            _ if at.starts_with("functions[") || at.ends_with(".function_call") => {
                format!("{at}.{}", name.strip_prefix("function.").unwrap_or(name))
            }
            _ => format!("{at}.{name}"),
        }
    }
}

fn is_media(content: &Content, kind: MediaKind) -> bool {
    matches!(content, Content::Media(media) if media.kind == kind)
}

const ANNOTATIONS: &str = "annotations";
const DETAILS: &str = "reasoning_details";

/// The message that a path leads into.
fn message_of(at: &str) -> &str {
    at.find(']').and_then(|end| at.get(..=end)).unwrap_or(at)
}
