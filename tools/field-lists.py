#!/usr/bin/env python3
"""Writes crates/wire/tests/fixtures/fields/DIALECT.json: every field of a request, with an example.

The fields come from OpenAI's published specification and, where a vendor publishes none, from the types of its official
Python SDK. Only the lists are kept in the repository, not what they are made from:

    python -m venv /tmp/fields && /tmp/fields/bin/pip install pyyaml anthropic google-genai ollama
    /tmp/fields/bin/python tools/field-lists.py path/to/openai.openapi.yaml

A list has `bases`, bodies that a dialect takes, and `cases`: `field` names the field for people, `at` is its path within
body number `base`, and `value` is what to put there.
"""

import collections.abc
import copy
import json
import pathlib
import sys
import types
import typing

import typing_extensions

OUT = pathlib.Path(__file__).parent.parent / "crates/wire/tests/fixtures/fields"

# What an example says where the schema's type alone would make nonsense. By the field's own name.
EXAMPLES = {
    "url": "https://example.com/a.png", "image_url": "https://example.com/a.png", "file_url": "https://example.com/a.pdf",
    "fileUri": "https://example.com/a.pdf", "data": "aGk=", "file_data": "data:application/pdf;base64,aGk=",
    "mimeType": "image/png", "arguments": "{}", "input_schema": {"type": "object"}, "parameters": {"type": "object"},
    "parametersJsonSchema": {"type": "object"}, "responseJsonSchema": {"type": "object"}, "schema": {"type": "object"},
    "responseSchema": {"type": "OBJECT"}, "responseMimeType": "application/json", "images": ["aGk="],
    "call_id": "x", "tool_call_id": "x", "tool_use_id": "x", "thoughtSignature": "aGk=", "budget_tokens": 2048,
    "topK": 40, "detail": "high", "summary": "detailed", "inlineData": {"mimeType": "image/png", "data": "aGk="},
    "fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/a.pdf"}, "keep_alive": "5m", "max_tokens": 9000, "args": {"a": 1}, "ttl": "5m",
}  # fmt: skip
USER = {"role": "user", "content": "hi"}
# What an example says instead where the usual one says what goes without saying, by dialect and field.
TELLING = {
    "openai_chat": {
        "tool_choice": "required", "parallel_tool_calls": False,
        "tool_choice(allowed_tools)": {"type": "allowed_tools", "allowed_tools": {
            "mode": "required", "tools": [{"type": "function", "name": "f", "function": {"name": "f"}}]}},
    },
    "openai_responses": {
        "tool_choice": "required", "parallel_tool_calls": False,
        "input[additional_tools, developer]": [USER, {"type": "additional_tools", "role": "developer", "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}]}],
        "input[reasoning]": [USER, {"type": "reasoning", "id": "x", "summary": [{"type": "summary_text", "text": "x"}]}],
    },
    "ollama": {"format": "json", "messages[user]": [USER, {"role": "user", "content": "x"}]},
}  # fmt: skip
# Names that other parts of a body refer to: their value stays what it is.
TIED = {"call_id", "tool_call_id", "tool_use_id", "type", "role", "model", "stream", "mode", "tool_name"}
# Always there: a part of a body without them says nothing, or is not taken.
ALWAYS = {"type", "call_id", "tool_call_id", "tool_use_id", "schema", "file_data", "image_url"}
# Told as a whole: what is in them is the vendor's own, or the user's.
WHOLE = {"parameters", "metadata", "input_schema", "schema", "responseJsonSchema", "responseSchema", "labels",
         "parametersJsonSchema", "logit_bias", "args", "response", "output_schema", "responseFormat", "images"}  # fmt: skip
# Of these kinds the members are listed; of all others only that they are there.
KNOWN = {
    "text", "image_url", "file", "input_audio", "refusal", "function", "custom", "json_schema", "json_object", "allowed_tools",
    "input_text", "input_image", "input_file", "output_text", "message", "function_call", "function_call_output", "reasoning",
    "custom_tool_call", "custom_tool_call_output", "namespace", "image", "document", "search_result", "thinking",
    "redacted_thinking", "tool_use", "tool_result", "base64", "adaptive", "enabled", "disabled", "auto", "any", "tool", "none",
    "ephemeral", "content", "grammar", "summary_text", "reasoning_text", "user", "assistant", "system", "developer",
}  # fmt: skip
DEPTH_MAX = 14
FITS = {str: "string".__eq__, dict: "object".__eq__, list: "array".__eq__, int: ("integer", "number").__contains__}


# Schemas.


class Schemas:
    """Schemas that refer to each other by name."""

    def __init__(self, named):
        self.named = named

    def resolve(self, schema):
        """The schema itself, with what it is made of merged in."""
        while "$ref" in schema:
            schema = self.named[schema["$ref"].rsplit("/", 1)[1]]
        if "allOf" not in schema:
            return schema
        merged = {key: value for key, value in schema.items() if key != "allOf"}
        merged["properties"] = dict(merged.get("properties", {}))
        for part in map(self.resolve, schema["allOf"]):
            merged["properties"] |= part.get("properties", {})
            merged["required"] = merged.get("required", []) + part.get("required", [])
            for key in ("type", "anyOf", "oneOf", "enum", "items"):
                if key in part:
                    merged.setdefault(key, part[key])
        return merged

    def variants(self, schema):
        """The schemas that it may be, each resolved; null left out."""
        schema = self.resolve(schema)
        found = []
        for choice in schema.get("anyOf", []) + schema.get("oneOf", []):
            found += self.variants(choice)
        if not found and isinstance(schema.get("type"), list):
            found = [schema | {"type": kind} for kind in schema["type"]]
        return [one for one in found or [schema] if one.get("type") != "null"]

    def kind(self, schema):
        """What its `type` or `role` says."""
        for name in ("type", "role"):
            if name in schema.get("properties", {}):
                given = self.variants(schema["properties"][name])[0]
                if "const" in given or "enum" in given:
                    return given.get("const") or given["enum"][0]
        return None

    def example(self, schema, name="", other=False):
        """A small value; another one with `other`."""
        schema = self.variants(schema)[0]
        given = EXAMPLES.get(name)
        if not other and given is not None and FITS[type(given)](schema.get("type", "object")):
            return copy.deepcopy(given)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][-1 if other else 0]
        match schema.get("type"):
            case "boolean":
                return not other
            case "integer":
                return 2 if other else max(1, schema.get("minimum", 1))
            case "number":
                return 0.25 if other else 0.5
            case "array":
                items = schema.get("items", {})
                return [self.example(items, name)] if schema.get("minItems") or not items.get("$ref") else []
            case "object" | None if schema.get("properties"):
                needed = schema.get("required", [])
                wanted = [key for key in schema["properties"] if key in needed or key in ALWAYS]
                return {key: self.example(schema["properties"][key], key) for key in wanted}
            case "object" if name == "tools":
                return {"type": "function", "name": "f", "function": {"name": "f"}}
            case "object":
                return {"k": "v"}
        return "y" if other else "x"


# Bodies.


def steps(path):
    """`a[0].b` as its steps."""
    return [int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")]


def put(body, path, value):
    """A copy of the body with the value at the path."""
    body = copy.deepcopy(body)
    *way, last = steps(path)
    inner = body
    for step in way:
        inner = inner[step]
    inner[last] = value
    return body


def has(body, path):
    """Whether something stands at the path."""
    for step in steps(path):
        if isinstance(step, int):
            if not isinstance(body, list) or len(body) <= step:
                return False
        elif not isinstance(body, dict) or step not in body:
            return False
        body = body[step]
    return True


class List:
    """The list of one dialect."""

    def __init__(self, schemas):
        self.schemas, self.bases, self.cases = schemas, [], []

    def case(self, field, base, at, value):
        """Adds a case, once for each field."""
        if value in ({}, []) or any(case["field"] == field for case in self.cases):
            return
        if base not in self.bases:
            self.bases.append(base)
        self.cases.append({"field": field, "base": self.bases.index(base), "at": at, "value": value})

    def walk(self, field, path, schema, base, depth=0):
        """Adds the field and all that is in it. `base` is a body with everything around it."""
        name = str(steps(path)[-1])
        variants = self.schemas.variants(schema)
        for variant in variants:
            kind = self.schemas.kind(variant)
            label = f"{field}({kind})" if kind and len(variants) > 1 else field
            if kind is None and len(variants) > 1 and variant.get("type") == "array":
                label = f"{field}(list)"
            self.variant(label, path, name, variant, base, depth)

    def variant(self, field, path, name, schema, base, depth):
        kind = self.schemas.kind(schema)
        value = self.schemas.example(schema, name)
        if not has(base, path):
            self.case(field, base, path, value)
        elif not isinstance(value, (dict, list)) and name not in TIED:
            other = self.schemas.example(schema, name, other=True)
            if other != value:
                self.case(field, base, path, other)
        if name in WHOLE or depth > DEPTH_MAX or (kind and kind not in KNOWN):
            return
        around = put(base, path, value)
        for key, inner in schema.get("properties", {}).items():
            if key not in TIED or key == "mode":
                self.walk(f"{field}.{key}", f"{path}.{key}", inner, around, depth + 1)
        if schema.get("type") == "array" and schema.get("items"):
            for item in self.schemas.variants(schema["items"]):
                self.item(field, path, item, base, depth)

    def item(self, field, path, schema, base, depth):
        """One kind of element of a list."""
        kind = self.schemas.kind(schema)
        label = f"{field}[{kind}]" if kind else f"{field}[]"
        value = self.schemas.example(schema, str(steps(path)[-1]) if not schema.get("properties") else "")
        if not isinstance(value, dict):
            return
        self.within(label, path, 0, schema, put(base, path, [value]), put(base, path, []), depth)

    def within(self, label, path, index, schema, full, without, depth=0):
        """An element of a list and what is in it. `full` has it, `without` has not."""
        at = path if has(without, path) else path
        value = full
        for step in steps(path):
            value = value[step]
        self.case(label, without, at, value)
        kind = self.schemas.kind(schema)
        if kind and kind not in KNOWN and kind not in ("tool", "function"):
            return
        for key, inner in schema.get("properties", {}).items():
            if key not in TIED:
                self.walk(f"{label}.{key}", f"{path}[{index}].{key}", inner, full, depth + 1)

    def write(self, name):
        """Writes it."""
        OUT.mkdir(parents=True, exist_ok=True)
        for case in self.cases:
            case["value"] = TELLING.get(name, {}).get(case["field"], case["value"])
        line = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)  # noqa: E731
        bases, cases = ("[\n" + ",\n".join(map(line, rows)) + "\n]" for rows in (self.bases, self.cases))
        (OUT / f"{name}.json").write_text(f'{{"bases":{bases},\n"cases":{cases}}}\n')
        print(f"{name}: {len(self.cases)} fields")


def walk_top(fields, schema, base, apart=()):
    """Every field of a body but those that are told apart."""
    for key, inner in schema["properties"].items():
        if key not in apart and key not in ("model", "stream"):
            fields.walk(key, key, inner, base)


# Dialects.


def openai(path):
    """The three request bodies of OpenAI, and embeddings."""
    import yaml

    with open(path) as file:
        schemas = Schemas(yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["components"]["schemas"])
    chat(schemas)
    responses(schemas)
    for name, dialect, body in (
        ("CreateCompletionRequest", "openai_completions", {"model": "m", "prompt": "hi"}),
        ("CreateEmbeddingRequest", "embeddings", {"model": "m", "input": "hi"}),
    ):
        fields = List(schemas)
        walk_top(fields, schemas.resolve(schemas.named[name]), body)
        fields.write(dialect)


def chat(schemas):
    schema = schemas.resolve(schemas.named["CreateChatCompletionRequest"])
    user = {"role": "user", "content": "hi"}
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    before = {"tool": [user, {"role": "assistant", "tool_calls": [call]}],
              "function": [user, {"role": "assistant", "function_call": {"name": "x", "arguments": "{}"}}],
              "assistant": [user]}  # fmt: skip
    fields = List(schemas)
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    plain = {"model": "m", "messages": [user]}
    choices = ("tool_choice", "parallel_tool_calls", "function_call")
    walk_top(fields, schema, plain, ("messages", "stream_options", *choices))
    walk_top(fields, {"properties": {key: schema["properties"][key] for key in choices}}, plain | {"tools": [tool]})
    walk_top(fields, {"properties": {"stream_options": schema["properties"]["stream_options"]}}, plain | {"stream": True})
    for variant in schemas.variants(schemas.resolve(schema["properties"]["messages"])["items"]):
        kind = schemas.kind(variant)
        front = before.get(kind, [user] if kind == "user" else [])
        item = schemas.example(variant) | ({"content": "hi"} if kind == "assistant" else {})
        if kind == "function":
            variant = variant | {"properties": {"content": variant["properties"]["content"]}}
            item["content"] = "x"
        after = [user] if kind in ("system", "developer") else []
        full = {"model": "m", "messages": [*front, item, *after]}
        without = {"model": "m", "messages": [*front, *after] or [user]}
        fields.within(f"messages[{kind}]", "messages", len(front), variant, full, without)
    fields.write("openai_chat")


def responses(schemas):
    schema = schemas.resolve(schemas.named["CreateResponse"])
    fields = List(schemas)
    plain = {"model": "m", "input": "hi"}
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}
    choices = ("tool_choice", "parallel_tool_calls")
    walk_top(fields, schema, plain, ("input", "stream_options", *choices))
    walk_top(fields, {"properties": {key: schema["properties"][key] for key in choices}}, plain | {"tools": [tool]})
    walk_top(fields, {"properties": {"stream_options": schema["properties"]["stream_options"]}}, plain | {"stream": True})
    user = {"role": "user", "content": "hi"}
    lists = [one for one in schemas.variants(schema["properties"]["input"]) if one.get("type") == "array"]
    items = schemas.variants(lists[0]["items"])
    calls = {schemas.kind(variant): schemas.example(variant) for variant in items}
    for variant in items:
        kind = schemas.kind(variant)
        call = calls.get(kind.removesuffix("_output")) if kind and kind.endswith("_output") else None
        front = [user, call | {"call_id": "x"}] if call else [user]
        item = schemas.example(variant)
        for role in variant.get("properties", {}).get("role", {}).get("enum", [None]):
            label = f"{kind}, {role}" if role else kind
            full_item = item | ({"role": role} if role else {})
            if kind == "message" and role and role != "assistant" and isinstance(full_item.get("content"), list):
                full_item["content"] = [{"type": "input_text", "text": "hi"}]
            full = {"model": "m", "input": [*front, full_item]}
            fields.within(f"input[{label}]", "input", len(front), variant, full, {"model": "m", "input": front or [user]})
    fields.write("openai_responses")


def of_hint(hint, named):
    """The schema of a type of the Anthropic SDK."""
    origin, inner = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired, typing_extensions.Annotated):
        return of_hint(inner[0], named)
    if origin in (typing.Union, types.UnionType):
        found = [of_hint(one, named) for one in inner]
        return {"anyOf": [one for one in found if one]}
    if origin is typing.Literal:
        return {"type": "string", "enum": list(inner)}
    if origin is dict or hint is object or origin is collections.abc.Mapping:
        return {"type": "object"}
    if typing_extensions.is_typeddict(hint):
        name = f"{hint.__module__}.{hint.__name__}".replace(".", "_")
        if name not in named:
            named[name] = {}
            hints = typing_extensions.get_type_hints(hint, include_extras=True)
            members = {key: of_hint(value, named) for key, value in hints.items()}
            needed = [key for key, value in hints.items() if typing_extensions.get_origin(value) is typing_extensions.Required]
            named[name] = {"type": "object", "required": needed,
                           "properties": {key: value for key, value in members.items() if value}}  # fmt: skip
        return {"$ref": f"#/{name}"}
    if hint is type(None):
        return {"type": "null"}
    simple = {str: "string", int: "integer", float: "number", bool: "boolean"}
    if hint in simple:
        return {"type": simple[hint]}
    if inner and origin is not None and origin not in (typing.IO,) and len(inner) == 1 and "PathLike" not in str(origin):
        return {"type": "array", "items": of_hint(inner[0], named) or {}}
    return None


def anthropic():
    from anthropic.types import message_create_params

    named = {}
    top = of_hint(message_create_params.MessageCreateParamsNonStreaming, named)
    schemas = Schemas(named)
    schema = schemas.resolve(top)
    fields = List(schemas)
    user, call = {"role": "user", "content": "hi"}, {"type": "tool_use", "id": "x", "name": "f", "input": {}}
    plain = {"model": "m", "max_tokens": 9000, "messages": [user]}
    tool = {"name": "f", "input_schema": {"type": "object"}}
    walk_top(fields, schema, plain, ("messages", "tool_choice", "tools"))
    walk_top(fields, {"properties": {"tool_choice": schema["properties"]["tool_choice"]}}, plain | {"tools": [tool]})
    for variant in schemas.variants(schemas.resolve(schema["properties"]["tools"])["items"]):
        value = schemas.example(variant)
        kind = "custom" if "input_schema" in value else value.get("type", "?")
        fields.within(f"tools[{kind}]", "tools", 0, {"properties": variant["properties"] if kind == "custom" else {}},
                      plain | {"tools": [value]}, plain | {"tools": []})  # fmt: skip
    message = schemas.resolve(schema["properties"]["messages"])["items"]
    content = schemas.resolve(schemas.variants(message)[0]["properties"]["content"])
    blocks = [one for one in schemas.variants(content) if one.get("type") == "array"][0]["items"]
    assistant = {"thinking", "redacted_thinking", "tool_use", "server_tool_use"}
    for variant in schemas.variants(blocks):
        kind = schemas.kind(variant)
        if kind is None:
            continue
        value = schemas.example(variant)
        front = [user]
        if kind == "tool_result":
            front = [user, {"role": "assistant", "content": [call]}]
        says = "assistant" if kind in assistant or (kind.endswith("_tool_result") and kind != "tool_result") else "user"
        front = front if says == "assistant" or kind == "tool_result" else []
        rest = [] if kind == "tool_result" else [{"type": "text", "text": "hi"}]
        bodies = [plain | {"messages": [*front, {"role": says, "content": parts}]} for parts in ([value, *rest], rest)]
        path = f"messages[{len(front)}].content"
        fields.within(f"messages[{says}].content[{kind}]", path, 0, variant, *bodies)
    fields.write("anthropic")


def gemini():
    from google.genai import types as genai

    named = {}

    def of(name):
        schema = getattr(genai, name).model_json_schema(by_alias=True)
        named.update(schema.pop("$defs", {}))
        return schema

    content, tool = of("Content"), of("Tool")
    rest = {"safetySettings": {"type": "array", "items": of("SafetySetting")}, "toolConfig": of("ToolConfig"),
            "generationConfig": of("GenerationConfig"), "systemInstruction": content, "cachedContent": {"type": "string"},
            "serviceTier": {"type": "string", "enum": ["flex"]}, "labels": {"type": "object"}, "store": {"type": "boolean"}}  # fmt: skip
    schemas = Schemas(named)
    fields = List(schemas)
    user = {"role": "user", "parts": [{"text": "hi"}]}
    plain = {"contents": [user]}
    declared = {"functionDeclarations": [{"name": "f"}]}
    walk_top(fields, {"properties": rest}, plain, ("toolConfig", "systemInstruction"))
    told = {"role": "user", "parts": [{"text": "hi"}]}
    fields.case("systemInstruction", plain, "systemInstruction", told)
    fields.case("systemInstruction.parts[].text", plain | {"systemInstruction": told}, "systemInstruction.parts[0].text", "y")
    walk_top(fields, {"properties": {"toolConfig": rest["toolConfig"]}}, plain | {"tools": [declared]})
    part = named["Part"]["properties"]
    needed = {"functionCall": {"name": "f", "args": {}}, "functionResponse": {"name": "f", "response": {"result": "x"}},
              "inlineData": {"mimeType": "image/png", "data": "aGk="}, "text": "hi", "thought": True,
              "fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/a.pdf"}}  # fmt: skip
    call = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
    for name in ("name", "id"):
        del named["FunctionResponse"]["properties"][name]
    for key, inner in part.items():
        says = "model" if key in ("functionCall", "executableCode", "codeExecutionResult", "thought", "thoughtSignature") else "user"
        front = [user, call] if key == "functionResponse" else [user] if says == "model" else []
        value = {key: needed.get(key, schemas.example(inner, key))}
        if key in ("thought", "thoughtSignature", "partMetadata", "mediaResolution", "videoMetadata"):
            value |= {"text": "hi"} if says == "model" else {"inlineData": needed["inlineData"]}
        bodies = [{"contents": [*front, {"role": says, "parts": parts}]} for parts in ([value, {"text": "a"}], [{"text": "a"}])]
        path, members = f"contents[{len(front)}].parts", schemas.variants(inner)[0].get("properties", {})
        fields.within(f"contents[{says}].parts[{key}]", path, 0, {}, *bodies)
        for member, of_member in members.items():
            fields.walk(f"contents[{says}].parts[{key}].{member}", f"{path}[0].{key}.{member}", of_member, bodies[0])
    for key, inner in tool["properties"].items():
        if key != "functionDeclarations":
            fields.case(f"tools[].{key}", plain, "tools", [{key: schemas.example(inner, key)}])
    for key, inner in named["FunctionDeclaration"]["properties"].items():
        fields.walk(f"tools[].functionDeclarations[].{key}", f"tools[0].functionDeclarations[0].{key}", inner,
                    plain | {"tools": [declared]}, DEPTH_MAX)  # fmt: skip
    fields.write("gemini")


def ollama():
    from ollama import _types

    schema = _types.ChatRequest.model_json_schema(by_alias=True)
    schemas = Schemas(schema.pop("$defs"))
    fields = List(schemas)
    user = {"role": "user", "content": "hi"}
    plain = {"model": "m", "messages": [user], "stream": False}
    walk_top(fields, schema, plain, ("messages", "tools"))
    message = schemas.resolve(schemas.named["Message"])["properties"]
    call = {"function": {"name": "f", "arguments": {}}}
    called = [user, {"role": "assistant", "content": "", "tool_calls": [call]}]
    for role, front, members in (
        ("user", [], ("content", "images")), ("assistant", [user], ("content", "thinking", "tool_calls")),
        ("tool", called, ("content", "tool_name")),
    ):  # fmt: skip
        item = {"role": role, "content": "hi"} | ({"tool_name": "f"} if role == "tool" else {})
        inner = {"properties": {key: message[key] for key in members}}
        bodies = [plain | {"messages": front + more} for more in ([item], [] if front else [user])]
        fields.within(f"messages[{role}]", "messages", len(front), inner, *bodies)
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    tool_schema = schemas.named["Tool"]
    tool_schema["properties"]["function"] = {"properties": schemas.variants(tool_schema["properties"]["function"])[0]["properties"],
                                             "required": ["name"], "type": "object"}  # fmt: skip
    fields.within("tools[function]", "tools", 0, tool_schema, plain | {"tools": [tool]}, plain | {"tools": []})
    fields.write("ollama")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    openai(sys.argv[1])
    anthropic()
    gemini()
    ollama()
