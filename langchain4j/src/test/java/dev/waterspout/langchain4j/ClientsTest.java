package dev.waterspout.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.http.ModelServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.DefaultToolDefinition;
import org.springframework.ai.tool.definition.ToolDefinition;

/** Common client libraries against the server: chat, streaming, tools, typed answers, errors, cancellation. */
@Timeout(600)
class ClientsTest {
    private static final String HELLO = "We the people of the United States";
    private static final Duration LONG = Duration.ofMinutes(10);
    /** Tokens and number of the replies of a request that is cancelled: it takes seconds if it is not. */
    private static final int LONG_REPLY = Orator.CONTEXT - 100;

    private static final int REPLIES = 16;
    /** Keeps the tokens that end a text from being chosen. */
    private static final Map<String, Integer> ENDLESS = Map.of("0", -100, "1", -100, "2", -100);

    private static final String VOTE = "{\"type\":\"object\",\"properties\":{\"yes\":{\"type\":\"boolean\"}},"
            + "\"required\":[\"yes\"],\"additionalProperties\":false}";
    private static final String VOTES = "\\{\\s*\"yes\"\\s*:\\s*(true|false)\\s*}";

    private static LanguageModel model;
    private static ModelServer server;
    private static String url;
    private static OpenAIClient openai;

    /** Type of a typed answer. */
    public static class Vote {
        public enum Mood {
            CALM,
            STERN
        }

        public Mood mood = Mood.CALM;
        public boolean yes;
    }

    @BeforeAll
    static void start() throws IOException {
        model = Orator.load();
        server = Orator.serve(model);
        url = "http://127.0.0.1:" + server.port() + "/v1";
        openai = OpenAIOkHttpClient.builder()
                .baseUrl(url)
                .apiKey("sesame")
                .timeout(LONG)
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        openai.close();
        server.close();
        model.close();
    }

    private static ChatCompletionCreateParams.Builder request(int tokens) {
        return ChatCompletionCreateParams.builder()
                .model("orator")
                .addUserMessage(HELLO)
                .temperature(0)
                .maxCompletionTokens(tokens);
    }

    private static String metrics() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url.replace("/v1", "/metrics")))
                .header("Authorization", "Bearer sesame")
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, BodyHandlers.ofString()).body();
        }
    }

    private static int clientsLeft() throws IOException, InterruptedException {
        Matcher matcher =
                Pattern.compile("(?m)^waterspout_clients_left_total ([0-9]+)$").matcher(metrics());
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    /** Waits until the server is idle and has counted one more client that left. */
    private static void awaitCancellation(int leftBefore) throws IOException, InterruptedException {
        while (clientsLeft() == leftBefore || !metrics().contains("waterspout_requests_running 0")) {
            Thread.sleep(20);
        }
        assertThat(clientsLeft()).isEqualTo(leftBefore + 1);
    }

    @Test
    void openaiJavaChatsStreamsAndCancels() throws Exception {
        String whole = openai.chat()
                .completions()
                .create(request(8).build())
                .choices()
                .getFirst()
                .message()
                .content()
                .orElseThrow();
        StringBuilder text = new StringBuilder();
        try (StreamResponse<ChatCompletionChunk> stream =
                openai.chat().completions().createStreaming(request(8).build())) {
            stream.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .forEach(choice -> choice.delta().content().ifPresent(text::append));
        }
        assertThat(text.toString()).isNotBlank().isEqualTo(whole);
        int left = clientsLeft();
        ChatCompletionCreateParams longer = request(LONG_REPLY)
                .n(REPLIES)
                .logitBias(ChatCompletionCreateParams.LogitBias.builder()
                        .putAllAdditionalProperties(ENDLESS.entrySet().stream()
                                .collect(Collectors.toMap(Map.Entry::getKey, each -> JsonValue.from(each.getValue()))))
                        .build())
                .build();
        try (StreamResponse<ChatCompletionChunk> stream =
                openai.chat().completions().createStreaming(longer)) {
            Iterator<ChatCompletionChunk> chunks = stream.stream().iterator();
            assertThat(chunks.next().choices()).hasSize(1);
        }
        awaitCancellation(left);
    }

    @Test
    void openaiJavaCallsToolsAndReadsTypedAnswersAndErrors() {
        FunctionDefinition vote = FunctionDefinition.builder()
                .name("vote")
                .parameters(FunctionParameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty("properties", JsonValue.from(Map.of("yes", Map.of("type", "boolean"))))
                        .putAdditionalProperty("required", JsonValue.from(List.of("yes")))
                        .build())
                .build();
        var called = openai.chat()
                .completions()
                .create(request(200)
                        .addFunctionTool(vote)
                        .parallelToolCalls(false)
                        .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                        .build())
                .choices()
                .getFirst();
        assertThat(called.finishReason().asString()).isEqualTo("tool_calls");
        assertThat(called.message()
                        .toolCalls()
                        .orElseThrow()
                        .getFirst()
                        .asFunction()
                        .function()
                        .arguments())
                .matches(VOTES);
        Vote typed = openai.chat()
                .completions()
                .create(request(200).responseFormat(Vote.class).build())
                .choices()
                .getFirst()
                .message()
                .content()
                .orElseThrow();
        assertThat(typed.mood).isIn(Vote.Mood.CALM, Vote.Mood.STERN);
        assertThatThrownBy(() -> openai.chat()
                        .completions()
                        .create(ChatCompletionCreateParams.builder()
                                .model("orator")
                                .addUserMessage("word ".repeat(2000))
                                .build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("fit in the context");
    }

    @Test
    void openaiJavaReadsResponses() {
        ResponseCreateParams request = ResponseCreateParams.builder()
                .model("orator")
                .input(HELLO)
                .temperature(0)
                .maxOutputTokens(8)
                .build();
        Response whole = openai.responses().create(request);
        StringBuilder text = new StringBuilder();
        try (StreamResponse<ResponseStreamEvent> stream = openai.responses().createStreaming(request)) {
            stream.stream().forEach(event -> event.outputTextDelta().ifPresent(delta -> text.append(delta.delta())));
        }
        assertThat(whole.output()
                        .getFirst()
                        .asMessage()
                        .content()
                        .getFirst()
                        .asOutputText()
                        .text())
                .isNotBlank()
                .isEqualTo(text.toString());
    }

    private static dev.langchain4j.model.openai.OpenAiChatModel langchain() {
        return dev.langchain4j.model.openai.OpenAiChatModel.builder()
                .baseUrl(url)
                .apiKey("sesame")
                .modelName("orator")
                .temperature(0.0)
                .maxTokens(200)
                .supportedCapabilities(Capability.RESPONSE_FORMAT_JSON_SCHEMA)
                .strictJsonSchema(true)
                .timeout(LONG)
                .maxRetries(0)
                .build();
    }

    private static OpenAiStreamingChatModel.OpenAiStreamingChatModelBuilder langchainStreams() {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(url)
                .apiKey("sesame")
                .modelName("orator")
                .temperature(0.0)
                .timeout(LONG);
    }

    @Test
    void langchainChatsStreamsAndCallsTools() throws Exception {
        OpenAiStreamingChatModel streaming = langchainStreams().maxTokens(8).build();
        WaterspoutChatModelTest.Told told = new WaterspoutChatModelTest.Told();
        streaming.chat(HELLO, told);
        assertThat(told.response.get().aiMessage().text()).isNotBlank().isEqualTo(told.text.toString());
        ChatResponse called = langchain()
                .chat(ChatRequest.builder()
                        .messages(UserMessage.from(HELLO))
                        .toolSpecifications(WaterspoutChatModelTest.TOOL)
                        .toolChoice(ToolChoice.REQUIRED)
                        .build());
        assertThat(called.aiMessage().toolExecutionRequests().getFirst().name()).isEqualTo("vote");
        assertThatThrownBy(() -> langchain().chat("word ".repeat(2000))).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void langchainReadsTypedAnswersAndCancels() throws Exception {
        ChatResponse typed = langchain()
                .chat(ChatRequest.builder()
                        .messages(UserMessage.from(HELLO))
                        .responseFormat(ResponseFormat.builder()
                                .type(ResponseFormatType.JSON)
                                .jsonSchema(JsonSchema.builder()
                                        .name("vote")
                                        .rootElement(WaterspoutChatModelTest.VOTE)
                                        .build())
                                .build())
                        .build());
        WaterspoutChatModelTest.assertVote(typed.aiMessage().text());
        int left = clientsLeft();
        CountDownLatch begun = new CountDownLatch(1);
        langchainStreams()
                .maxTokens(LONG_REPLY)
                .customParameters(Map.of("n", REPLIES, "logit_bias", ENDLESS))
                .build()
                .chat(HELLO, new WaterspoutChatModelTest.Told() {
                    @Override
                    public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                        context.streamingHandle().cancel();
                        begun.countDown();
                    }
                });
        assertThat(begun.await(5, TimeUnit.MINUTES)).isTrue();
        awaitCancellation(left);
    }

    private static String text(org.springframework.ai.chat.model.ChatResponse response) {
        Generation result = response.getResult();
        String text = result == null ? null : result.getOutput().getText();
        return text == null ? "" : text;
    }

    private static OpenAiChatOptions.Builder springOptions(int tokens) {
        OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
        options.baseUrl(url)
                .apiKey("sesame")
                .model("orator")
                .temperature(0.0)
                .maxTokens(tokens)
                .timeout(LONG)
                .maxRetries(0);
        return options;
    }

    private static OpenAiChatModel spring() {
        return OpenAiChatModel.builder().options(springOptions(8).build()).build();
    }

    @Test
    void springChatsStreamsAndReadsErrors() {
        OpenAiChatModel spring = spring();
        String whole = text(spring.call(new Prompt(HELLO)));
        StringBuilder text = new StringBuilder();
        spring.stream(new Prompt(HELLO)).toStream().forEach(chunk -> text.append(text(chunk)));
        assertThat(text.toString()).isNotBlank().isEqualTo(whole);
        assertThatThrownBy(() -> spring.call(new Prompt("word ".repeat(2000))))
                .hasStackTraceContaining("fit in the context");
    }

    /** A tool that is described to the model; the test reads the call itself. */
    private static final class VoteTool implements ToolCallback {
        @Override
        public ToolDefinition getToolDefinition() {
            return DefaultToolDefinition.builder()
                    .name("vote")
                    .description("Votes.")
                    .inputSchema(VOTE)
                    .build();
        }

        @Override
        public String call(String arguments) {
            throw new AssertionError("the test reads the call " + arguments);
        }
    }

    @Test
    void springCallsToolsReadsTypedAnswersAndCancels() throws Exception {
        OpenAiChatModel spring = spring();
        OpenAiChatOptions.Builder tools = springOptions(200);
        tools.toolCallbacks(new VoteTool()).toolChoice("required").parallelToolCalls(false);
        Generation called = Objects.requireNonNull(
                spring.call(new Prompt(HELLO, tools.build())).getResult());
        assertThat(called.getOutput().getToolCalls()).singleElement().satisfies(call -> {
            assertThat(call.name()).isEqualTo("vote");
            assertThat(call.arguments()).matches(VOTES);
        });
        OpenAiChatOptions.Builder typed = springOptions(200);
        typed.outputSchema(VOTE);
        assertThat(text(spring.call(new Prompt(HELLO, typed.build())))).matches(VOTES);
        int left = clientsLeft();
        OpenAiChatOptions.Builder longer = springOptions(LONG_REPLY);
        longer.n(REPLIES).logitBias(ENDLESS);
        assertThat(spring.stream(new Prompt(HELLO, longer.build())).blockFirst(LONG))
                .isNotNull();
        awaitCancellation(left);
    }
}
