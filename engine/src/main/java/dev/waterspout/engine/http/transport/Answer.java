package dev.waterspout.engine.http.transport;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A response with its whole body.
 *
 * @param status HTTP status
 * @param contentType content type of the body
 * @param body bytes of the body
 * @param headers the other headers, by name
 */
@SuppressWarnings("ArrayRecordComponent") // made once, written once, never compared
public record Answer(int status, String contentType, byte[] body, Map<String, String> headers) {
    /** Copies the map. */
    public Answer {
        headers = Map.copyOf(headers);
    }

    /**
     * Returns an answer in JSON.
     *
     * @param status HTTP status
     * @param json text of the body
     */
    public static Answer json(int status, String json) {
        return new Answer(status, "application/json", json.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    /**
     * Returns the same with one more header.
     *
     * @param name name of the header
     * @param value value of the header
     */
    public Answer with(String name, String value) {
        Map<String, String> more = new java.util.TreeMap<>(headers);
        more.put(name, value);
        return new Answer(status, contentType, body, more);
    }
}
