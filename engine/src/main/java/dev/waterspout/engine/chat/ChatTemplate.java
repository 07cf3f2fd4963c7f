package dev.waterspout.engine.chat;

import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.jinja.JinjaException;
import dev.waterspout.engine.jinja.MarkedText;
import dev.waterspout.engine.jinja.RenderLimits;
import dev.waterspout.engine.jinja.Template;
import dev.waterspout.engine.tokenizer.Tokenizer;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The chat template of a model: it turns conversations into prompts and determines the format of replies. Immutable.
 */
public final class ChatTemplate {
    /** Metadata key of the template. */
    public static final String KEY = "tokenizer.chat_template";

    private final Template template;
    private final String source;
    private final String bos;
    private final String eos;
    private final Clock clock;

    private ChatTemplate(String source, String bos, String eos, Clock clock) {
        try {
            this.template = Template.parse(source);
        } catch (JinjaException malformed) {
            throw new ChatException("the chat template cannot be read: " + malformed.getMessage(), malformed);
        }
        this.source = source;
        this.bos = bos;
        this.eos = eos;
        this.clock = clock;
    }

    /**
     * Reads a template.
     *
     * @param source Jinja
     * @param vocabulary vocabulary of the model, whose BOS and EOS tokens are variables of the template
     * @param clock source of the date that a template may contain
     * @throws ChatException if the template is malformed
     */
    public static ChatTemplate of(String source, Vocabulary vocabulary, Clock clock) {
        return new ChatTemplate(source, text(vocabulary, vocabulary.bos()), text(vocabulary, vocabulary.eos()), clock);
    }

    /**
     * Reads the template of a model's file.
     *
     * @param metadata metadata of the file
     * @param vocabulary vocabulary of the model
     * @param clock source of the date that a template may contain
     * @throws ChatException if the file has no template, or a malformed one
     */
    public static ChatTemplate from(GgufMetadata metadata, Vocabulary vocabulary, Clock clock) {
        String source = metadata.string(KEY)
                .orElseThrow(() -> new ChatException("the model has no chat template: its file lacks " + KEY
                        + "; give one with --chat-template FILE"));
        return of(source, vocabulary, clock);
    }

    private static String text(Vocabulary vocabulary, OptionalInt token) {
        return token.isPresent() ? vocabulary.text(token.getAsInt()) : "";
    }

    /** Returns the template's text. */
    public String source() {
        return source;
    }

    /**
     * Renders a conversation up to the beginning of the model's reply.
     *
     * @param conversation the messages to answer; all their texts, names and descriptions are marked as user text
     * @return the text, with marks on the parts that came from the conversation
     * @throws ChatException if the template refuses the conversation or fails
     */
    public MarkedText render(Conversation conversation) {
        List<Object> messages = new ArrayList<>();
        Conversation told = knowsTools() ? conversation : ToolInstructions.told(conversation);
        told.messages().forEach(message -> messages.add(variables(message)));
        Map<String, @Nullable Object> variables = new LinkedHashMap<>();
        variables.put("messages", messages);
        if (!conversation.tools().isEmpty()) {
            variables.put("tools", foreign(conversation.tools()));
        }
        variables.put("bos_token", bos);
        variables.put("eos_token", eos);
        variables.put("add_generation_prompt", true);
        try {
            return template.render(variables, clock, RenderLimits.DEFAULT);
        } catch (JinjaException failure) {
            throw new ChatException(
                    "the chat template does not take this conversation: " + failure.getMessage(), failure);
        }
    }

    /** Returns whether the template uses the variable {@code tools}. */
    private boolean knowsTools() {
        return source.contains("tools");
    }

    /** Returns the format of the model's tool calls. */
    public ToolFormat toolFormat() {
        return knowsTools() ? ToolFormat.of(source).orElse(ToolFormat.HERMES) : ToolFormat.HERMES;
    }

    /**
     * Renders and encodes a conversation.
     *
     * @param conversation the messages to answer
     * @param tokenizer tokenizer of the model
     * @return the tokens, and whether the reply begins with reasoning
     * @throws ChatException if the template refuses the conversation or fails
     */
    public ChatPrompt prompt(Conversation conversation, Tokenizer tokenizer) {
        MarkedText text = render(conversation);
        ReplyFormat format = conversation.tools().isEmpty()
                ? ReplyFormat.of(source)
                : ReplyFormat.of(source).calling(toolFormat());
        return new ChatPrompt(
                ChatPrompt.encode(text, source, tokenizer), format, format.sectionAfter(text.toString()), false);
    }

    private static Map<String, @Nullable Object> variables(ChatMessage message) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>();
        variables.put("role", message.role().name().toLowerCase(Locale.ROOT));
        variables.put("content", foreign(message.content()));
        if (!message.reasoning().isEmpty()) {
            variables.put("reasoning_content", foreign(message.reasoning()));
        }
        if (!message.toolCalls().isEmpty()) {
            List<Object> calls = new ArrayList<>();
            for (ToolCall call : message.toolCalls()) {
                Map<String, @Nullable Object> function = new LinkedHashMap<>();
                function.put("name", foreign(call.name()));
                function.put("arguments", foreign(call.arguments()));
                Map<String, @Nullable Object> entry = new LinkedHashMap<>();
                entry.put("id", foreign(call.id()));
                entry.put("type", "function");
                entry.put("function", function);
                calls.add(entry);
            }
            variables.put("tool_calls", calls);
        }
        if (!message.toolCallId().isEmpty()) {
            variables.put("tool_call_id", foreign(message.toolCallId()));
        }
        return variables;
    }

    /**
     * Returns a copy in which every text is marked as user text. Keys are marked, too; lookups by key ignore marks.
     */
    private static @Nullable Object foreign(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case String text -> MarkedText.of(text, true);
            case List<?> list -> {
                List<@Nullable Object> items = new ArrayList<>();
                list.forEach(item -> items.add(foreign(item)));
                yield items;
            }
            case Map<?, ?> map -> {
                Map<@Nullable Object, @Nullable Object> entries = new LinkedHashMap<>();
                map.forEach((key, item) -> entries.put(foreign(key), foreign(item)));
                yield entries;
            }
            default -> value;
        };
    }
}
