package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes replies as one of the interface's formats has it. Used by one thread, for one request. */
interface ReplyWriter {
    /**
     * Returns the events of a stream that come before any reply.
     *
     * @return texts of events, each with its empty line
     */
    List<String> begin();

    /** Takes a piece; returns the events that it makes in a stream. */
    List<String> piece(Piece piece);

    /** Takes the end of a reply; returns the events that it makes in a stream. */
    List<String> ended(Ended ended);

    /** Returns the events at the end of a stream. */
    List<String> finish();

    /** Returns the event of a failure in a stream. */
    default String failed(ApiException failure) {
        return Events.data(failure.body());
    }

    /** Returns all that was taken, as the answer of a request that does not stream. */
    Map<String, @Nullable Object> whole();
}
