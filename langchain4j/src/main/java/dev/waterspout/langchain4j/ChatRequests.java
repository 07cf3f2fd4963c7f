package dev.waterspout.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.ChatReply;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.ReplyForm;
import dev.waterspout.engine.chat.ChatException;
import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.chat.ToolCalls;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.LogitAdjustments;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.grammar.GrammarException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Converts LangChain4j's requests for a language model, and the model's replies. */
final class ChatRequests {
    private final LanguageModel model;
    private final ChatTemplate template;
    private final String name;
    private final ChatOptions usual;

    ChatRequests(LanguageModel model, ModelSettings settings) {
        refuseOtherModels(settings.parameters(), settings.name());
        this.model = model;
        this.template = settings.template().orElseGet(model::chatTemplate);
        this.name = settings.name();
        this.usual = settings.options();
    }

    String name() {
        return name;
    }

    private static void refuseOtherModels(ChatRequestParameters parameters, String name) {
        if (parameters.modelName() != null && !parameters.modelName().equals(name)) {
            throw new UnsupportedFeatureException("'modelName' parameter is not supported: the model is " + name);
        }
    }

    /**
     * Starts the reply to a request.
     *
     * @throws UnsupportedFeatureException if the request names another model, or has content other than text
     * @throws InvalidRequestException if the chat template refuses the request, it does not fit in the context, or a
     *     schema is not supported
     */
    ChatReply begin(ChatRequest request) {
        ChatRequestParameters parameters = request.parameters();
        refuseOtherModels(parameters, name);
        List<ChatMessage> messages =
                request.messages().stream().map(Conversations::message).toList();
        List<Map<String, @Nullable Object>> tools = parameters.toolChoice() == ToolChoice.NONE
                ? List.of()
                : Conversations.tools(parameters.toolSpecifications());
        try {
            ChatPrompt prompt = model.prompt(new Conversation(messages, tools), template);
            boolean required = parameters.toolChoice() == ToolChoice.REQUIRED;
            ReplyForm form =
                    new ReplyForm(schema(parameters.responseFormat()), Optional.empty(), tools, required, true);
            return model.reply(
                    prompt,
                    new ChatOptions(
                            parameters.maxOutputTokens() == null ? usual.predict() : parameters.maxOutputTokens(),
                            sampling(parameters),
                            parameters.stopSequences().isEmpty() ? usual.stops() : parameters.stopSequences(),
                            form.constraint(model, prompt, template.toolFormat()),
                            -1));
        } catch (ChatException | GenerationException | GrammarException | IllegalArgumentException refused) {
            throw new InvalidRequestException(String.valueOf(refused.getMessage()), refused);
        }
    }

    private static Optional<Object> schema(@Nullable ResponseFormat format) {
        if (format == null || format.type() == ResponseFormatType.TEXT) {
            return Optional.empty();
        }
        return Optional.of(
                format.jsonSchema() == null
                        ? Map.of("type", "object")
                        : Conversations.plain(
                                JsonSchemaElementUtils.toMap(format.jsonSchema().rootElement())));
    }

    private SamplingParameters sampling(ChatRequestParameters asked) {
        SamplingParameters own = usual.sampling();
        LogitAdjustments adjustments = own.adjustments();
        return new SamplingParameters(
                asked.topK() == null ? own.topK() : asked.topK(),
                asked.topP() == null ? own.topP() : asked.topP(),
                own.minP(),
                asked.temperature() == null ? own.temperature() : asked.temperature(),
                own.seed() == ModelSettings.SEED_OF_CHANCE
                        ? ThreadLocalRandom.current().nextLong(Integer.MAX_VALUE)
                        : own.seed(),
                new LogitAdjustments(
                        adjustments.window(),
                        adjustments.repeat(),
                        asked.presencePenalty() == null ? adjustments.presence() : asked.presencePenalty(),
                        asked.frequencyPenalty() == null ? adjustments.frequency() : asked.frequencyPenalty(),
                        adjustments.bias()));
    }

    /** Returns a tool call in LangChain4j's form. */
    static ToolExecutionRequest call(ToolCalls.Written call) {
        return ToolExecutionRequest.builder()
                .id(call.id())
                .name(call.name())
                .arguments(call.arguments())
                .build();
    }

    /** Returns the response for an ended reply. */
    ChatResponse response(ChatReply reply, List<ToolCalls.Written> calls) {
        ChatMessage message = reply.message();
        AiMessage.Builder assistant = AiMessage.builder();
        if (!message.content().isEmpty() || calls.isEmpty()) {
            assistant.text(message.content());
        }
        if (!message.reasoning().isEmpty()) {
            assistant.thinking(message.reasoning());
        }
        assistant.toolExecutionRequests(calls.stream().map(ChatRequests::call).toList());
        ChatReply.Usage usage = reply.usage();
        FinishReason reason = switch (reply.finishReason()) {
            case STOP -> calls.isEmpty() ? FinishReason.STOP : FinishReason.TOOL_EXECUTION;
            case LENGTH -> FinishReason.LENGTH;
            case CANCELLED -> FinishReason.OTHER;
        };
        return ChatResponse.builder()
                .aiMessage(assistant.build())
                .modelName(name)
                .tokenUsage(new TokenUsage(usage.promptTokens(), usage.replyTokens()))
                .finishReason(reason)
                .build();
    }
}
