package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.json.PlainJson;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A refused request, with the error object of OpenAI's interface. The message is one sentence. Control characters in
 * quoted input are replaced by U+FFFD.
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
     * Returns the refusal of a field (status 400).
     *
     * @param parameter path of the field, such as {@code messages[0].role}
     * @param message one sentence
     */
    public static ApiException field(String parameter, String message) {
        return new ApiException(400, INVALID, parameter, "invalid_value", message);
    }

    /**
     * Returns the refusal of a request.
     *
     * @param status HTTP status, 400 to 499
     * @param message one sentence
     */
    public static ApiException request(int status, String message) {
        return new ApiException(status, INVALID, null, null, message);
    }

    /**
     * Returns the refusal of a request, with a code for clients.
     *
     * @param status HTTP status, 400 to 499
     * @param code such as {@code context_length_exceeded}
     * @param message one sentence
     */
    public static ApiException coded(int status, String code, String message) {
        return new ApiException(status, INVALID, null, code, message);
    }

    /**
     * Returns an error that the client did not cause.
     *
     * @param status HTTP status: 429 or 500 to 599
     * @param type such as {@code server_error}
     * @param message one sentence
     */
    public static ApiException server(int status, String type, String message) {
        return new ApiException(status, type, null, null, message);
    }

    /**
     * Returns the error of a request whose model has become unusable, such as after the loss of a rank (status 500).
     *
     * @param message one sentence
     */
    public static ApiException modelLost(String message) {
        return new ApiException(500, "server_error", null, null, message, true);
    }

    /** Returns whether the model has become unusable. */
    public boolean modelLost() {
        return modelLost;
    }

    /** Returns the HTTP status. */
    public int status() {
        return status;
    }

    /** Returns the error object for the response's body. */
    public Map<String, @Nullable Object> body() {
        return PlainJson.object(
                "error", PlainJson.object("message", getMessage(), "type", type, "param", parameter, "code", code));
    }

    /** Returns the response. */
    public Answer answer() {
        Answer answer = Answer.json(status, PlainJson.text(body()));
        Optional<String> pause = status == 429 || status == 503 ? Optional.of("1") : Optional.empty();
        return pause.map(seconds -> answer.with("Retry-After", seconds)).orElse(answer);
    }
}
