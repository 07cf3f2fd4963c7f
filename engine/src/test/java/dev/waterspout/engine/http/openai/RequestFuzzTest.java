package dev.waterspout.engine.http.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.testing.TestServer;
import java.time.Clock;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * A request's body of any bytes is understood or refused with a status of 400 to 499 and one sentence: as a chat
 * completion, a completion and a response.
 */
class RequestFuzzTest {
    private static final ServedModel SERVED = served();
    private static final Stamp STAMP = new Stamp(1, 0);
    private static final List<BiFunction<Fields, ServedModel, ReplyRequest>> READERS = List.of(
            (fields, served) -> ChatWriter.read(fields, served, STAMP),
            (fields, served) -> CompletionWriter.read(fields, served, STAMP),
            (fields, served) -> ResponsesRequest.read(fields, served, STAMP));

    @SuppressWarnings("MustBeClosedChecker") // open as long as the JVM
    private static ServedModel served() {
        var model = Waterspout.loadEmbedded(Options.DEFAULT.withContext(Context.DEFAULT.withPositions(128)));
        ChatTemplate template = ChatTemplate.of(
                TestServer.TEMPLATE, model.deployment().model().tokenizer().vocabulary(), Clock.systemUTC());
        return new ServedModel(
                model,
                Optional.of(template),
                "orator",
                ChatOptions.of(new SamplingParameters(40, 0.95, 0.05, 0.8, 1)),
                InstantSource.system());
    }

    @FuzzTest(maxDuration = "10m")
    void isUnderstoodOrRefused(byte[] body) {
        for (BiFunction<Fields, ServedModel, ReplyRequest> reader : READERS) {
            try {
                ReplyRequest request = reader.apply(Fields.read(body), SERVED);
                assertThat(request.prompts()).hasSameSizeAs(request.options()).isNotEmpty();
                constrain(request.options().getFirst().constraint().get());
            } catch (ApiException refused) {
                assertThat(refused.status()).isBetween(400, 499);
                assertThat(refused.getMessage()).isNotBlank();
                assertThat(refused.answer().body()).isNotEmpty();
            }
        }
    }

    private static void constrain(TokenConstraint constraint) {
        float[] logits = new float[SERVED.tokenizer().vocabulary().size()];
        try {
            constraint.restrict(logits);
        } catch (GenerationException beyond) {
            assertThat(beyond).hasMessageContaining("grammar");
        }
    }
}
