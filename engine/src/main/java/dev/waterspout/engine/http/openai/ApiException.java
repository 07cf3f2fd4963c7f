package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.json.PlainJson;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that is not answered, as OpenAI's interface says so. The message is one sentence; control characters of
 * what it quotes are replaced by U+FFFD.
 */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final String INVALID = "invalid_request_error";

    private final int status;
    private final String type;
    private final @Nullable String parameter;
    private final @Nullable String code;
    private final boolean modelLost;

    private ApiException(int status, String type, @Nullable String parameter, @Nullable String code, String message) {
        this(status, type, parameter, code, message, false);
    }

    private ApiException(
            int status,
            String type,
            @Nullable String parameter,
            @Nullable String code,
            String message,
            boolean modelLost) {
        super(message.replaceAll("\\p{Cntrl}", "\uFFFD"));
        this.modelLost = modelLost;
        this.status = status;
        this.type = type;
        this.parameter = parameter;
        this.code = code;
    }

    /**
     * A field that cannot be used.
     *
     * @param parameter its name, as in {@code messages[0].role}
     * @param message one sentence
     */
    public static ApiException field(String parameter, String message) {
        return new ApiException(400, INVALID, parameter, "invalid_value", message);
    }

    /**
     * A request that cannot be used.
     *
     * @param status HTTP status, 400 to 499
     * @param message one sentence
     */
    public static ApiException request(int status, String message) {
        return new ApiException(status, INVALID, null, null, message);
    }

    /**
     * A request that cannot be used, for a reason that clients know by its code.
     *
     * @param status HTTP status, 400 to 499
     * @param code such as {@code context_length_exceeded}
     * @param message one sentence
     */
    public static ApiException coded(int status, String code, String message) {
        return new ApiException(status, INVALID, null, code, message);
    }

    /**
     * A request that this server cannot answer, through no fault of the client's.
     *
     * @param status HTTP status: 429 or 500 to 599
     * @param type such as {@code server_error}
     * @param message one sentence
     */
    public static ApiException server(int status, String type, String message) {
        return new ApiException(status, type, null, null, message);
    }

    /**
     * A request that is not answered because the model cannot be used any more, such as after the loss of a rank.
     *
     * @param message one sentence
     */
    public static ApiException modelLost(String message) {
        return new ApiException(500, "server_error", null, null, message, true);
    }

    /** Returns whether the model cannot be used any more. */
    public boolean modelLost() {
        return modelLost;
    }

    /** Returns the status of HTTP. */
    public int status() {
        return status;
    }

    /** Returns the body. */
    public Map<String, @Nullable Object> body() {
        return PlainJson.object(
                "error", PlainJson.object("message", getMessage(), "type", type, "param", parameter, "code", code));
    }

    /** Returns the answer. */
    public Answer answer() {
        Answer answer = Answer.json(status, PlainJson.text(body()));
        Optional<String> pause = status == 429 || status == 503 ? Optional.of("1") : Optional.empty();
        return pause.map(seconds -> answer.with("Retry-After", seconds)).orElse(answer);
    }
}
