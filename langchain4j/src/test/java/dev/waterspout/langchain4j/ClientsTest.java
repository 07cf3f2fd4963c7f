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
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.response.ChatResponse;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

/** Common client libraries against the server: chat, streaming, tools, typed answers, errors, cancellation. */
@Timeout(600)
class ClientsTest {
    private static final String HELLO = "We the people of the United States";
    private static final Duration LONG = Duration.ofMinutes(10);

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

    /** Waits until the server computes nothing. */
    private static void awaitIdle() throws IOException, InterruptedException {
        HttpRequest metrics = HttpRequest.newBuilder(URI.create(url.replace("/v1", "/metrics")))
                .header("Authorization", "Bearer sesame")
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            while (!client.send(metrics, BodyHandlers.ofString()).body().contains("waterspout_requests_running 0")) {
                Thread.sleep(20);
            }
        }
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
        try (StreamResponse<ChatCompletionChunk> stream =
                openai.chat().completions().createStreaming(request(450).build())) {
            Iterator<ChatCompletionChunk> chunks = stream.stream().iterator();
            assertThat(chunks.next().choices()).hasSize(1);
        }
        awaitIdle();
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
                .matches("\\{\\s*\"yes\":\\s*(true|false)\\s*}");
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
                .timeout(LONG)
                .maxRetries(0)
                .build();
    }

    @Test
    void langchainChatsStreamsAndCallsTools() throws Exception {
        OpenAiStreamingChatModel streaming = OpenAiStreamingChatModel.builder()
                .baseUrl(url)
                .apiKey("sesame")
                .modelName("orator")
                .temperature(0.0)
                .maxTokens(8)
                .timeout(LONG)
                .build();
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

    private static String text(org.springframework.ai.chat.model.ChatResponse response) {
        Generation result = response.getResult();
        String text = result == null ? null : result.getOutput().getText();
        return text == null ? "" : text;
    }

    @Test
    void springChatsStreamsAndReadsErrors() {
        OpenAiChatModel spring = OpenAiChatModel.builder()
                .options(OpenAiChatOptions.builder()
                        .baseUrl(url)
                        .apiKey("sesame")
                        .model("orator")
                        .temperature(0.0)
                        .maxTokens(8)
                        .timeout(LONG)
                        .maxRetries(0)
                        .build())
                .build();
        String whole = text(spring.call(new Prompt(HELLO)));
        StringBuilder text = new StringBuilder();
        spring.stream(new Prompt(HELLO)).toStream().forEach(chunk -> text.append(text(chunk)));
        assertThat(text.toString()).isNotBlank().isEqualTo(whole);
        assertThatThrownBy(() -> spring.call(new Prompt("word ".repeat(2000))))
                .hasStackTraceContaining("fit in the context");
    }
}
