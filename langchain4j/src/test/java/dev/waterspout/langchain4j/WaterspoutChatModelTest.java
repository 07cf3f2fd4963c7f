package dev.waterspout.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chat and streaming models over one language model. */
@Timeout(600)
class WaterspoutChatModelTest {
    private static final UserMessage HELLO = UserMessage.from("We the people of the United States");
    static final JsonObjectSchema VOTE = JsonObjectSchema.builder()
            .addEnumProperty("mood", List.of("calm", "stern"))
            .addBooleanProperty("yes")
            .required("mood", "yes")
            .additionalProperties(false)
            .build();
    static final ToolSpecification TOOL = ToolSpecification.builder()
            .name("vote")
            .description("Votes.")
            .parameters(VOTE)
            .build();

    private static LanguageModel model;
    private static WaterspoutChatModel chat;
    private static WaterspoutStreamingChatModel streaming;

    @BeforeAll
    static void load() {
        model = Orator.load();
        ModelSettings settings = Orator.settings(model)
                .withParameters(
                        ChatRequestParameters.builder().maxOutputTokens(12).build());
        chat = new WaterspoutChatModel(model, settings);
        streaming = new WaterspoutStreamingChatModel(model, settings);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** A handler that collects a streamed reply. */
    static class Told implements StreamingChatResponseHandler {
        final StringBuilder text = new StringBuilder();
        final List<ToolExecutionRequest> calls = new ArrayList<>();
        final CompletableFuture<ChatResponse> response = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String piece) {
            text.append(piece);
        }

        @Override
        public void onCompleteToolCall(CompleteToolCall call) {
            calls.add(call.toolExecutionRequest());
        }

        @Override
        public void onCompleteResponse(ChatResponse whole) {
            response.complete(whole);
        }

        @Override
        public void onError(Throwable failure) {
            response.completeExceptionally(failure);
        }
    }

    @Test
    void aStreamHasTheTextOfTheAnswer() throws Exception {
        ChatResponse whole = chat.chat(HELLO);
        Told told = new Told();
        streaming.chat(List.of(HELLO), told);
        assertThat(told.response.get().aiMessage().text())
                .isNotBlank()
                .isEqualTo(whole.aiMessage().text())
                .isEqualTo(told.text.toString());
        assertThat(whole.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(whole.tokenUsage().outputTokenCount()).isEqualTo(12);
        assertThat(whole.modelName()).isEqualTo("waterspout");
    }

    @Test
    void aRequiredToolIsCalledAndItsResultIsAccepted() throws Exception {
        ChatRequest request = ChatRequest.builder()
                .messages(HELLO)
                .parameters(ChatRequestParameters.builder()
                        .toolSpecifications(TOOL)
                        .toolChoice(ToolChoice.REQUIRED)
                        .maxOutputTokens(480)
                        .temperature(0.0)
                        .build())
                .build();
        ChatResponse called = chat.chat(request);
        // The model may continue with calls until the context is full.
        assertThat(called.finishReason()).isIn(FinishReason.TOOL_EXECUTION, FinishReason.LENGTH);
        ToolExecutionRequest call = called.aiMessage().toolExecutionRequests().getFirst();
        assertThat(call.name()).isEqualTo("vote");
        assertVote(call.arguments());
        ChatResponse answered = chat.chat(HELLO, called.aiMessage(), ToolExecutionResultMessage.from(call, "done"));
        assertThat(answered.aiMessage().text()).isNotBlank();
        Told told = new Told();
        streaming.chat(request, told);
        assertThat(told.response.get().aiMessage().toolExecutionRequests()).isEqualTo(told.calls);
        assertThat(told.calls).isNotEmpty().allSatisfy(each -> assertVote(each.arguments()));
    }

    @Test
    void repliesFollowASchema() throws Exception {
        ChatResponse typed = chat.chat(ChatRequest.builder()
                .messages(HELLO)
                .parameters(ChatRequestParameters.builder()
                        .maxOutputTokens(200)
                        .responseFormat(ResponseFormat.builder()
                                .type(ResponseFormatType.JSON)
                                .jsonSchema(JsonSchema.builder()
                                        .name("vote")
                                        .rootElement(VOTE)
                                        .build())
                                .build())
                        .build())
                .build());
        assertVote(typed.aiMessage().text());
    }

    static void assertVote(String json) throws Exception {
        assertThat(PlainJson.read("vote", json)).isInstanceOfSatisfying(Map.class, vote -> {
            assertThat(vote.get("mood")).isIn("calm", "stern");
            assertThat(vote.get("yes")).isInstanceOf(Boolean.class);
        });
    }

    @Test
    void aCancelledStreamEndsWithoutFurtherCallbacks() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Told told = new Told() {
            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                context.streamingHandle().cancel();
                begun.countDown();
            }
        };
        streaming.chat(
                ChatRequest.builder()
                        .messages(HELLO)
                        .parameters(ChatRequestParameters.builder()
                                .maxOutputTokens(400)
                                .build())
                        .build(),
                told);
        assertThat(begun.await(5, TimeUnit.MINUTES)).isTrue();
        // The model answers other requests, and the handler of the cancelled one is not called.
        assertThat(chat.chat(HELLO).aiMessage().text()).isNotBlank();
        assertThat(told.response).isNotDone();
    }

    @Test
    void unsupportedRequestsAreRefused() {
        assertThatThrownBy(() -> chat.chat(UserMessage.from(ImageContent.from("http://localhost/cat.png"))))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("image");
        assertThatThrownBy(() -> chat.chat(UserMessage.from("word ".repeat(2000))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("fit in the context");
    }
}
