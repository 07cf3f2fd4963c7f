package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes replies in one of the formats of OpenAI's interface. Used by one thread, for one request. */
interface ReplyWriter {
    /**
     * Returns the events at the start of a stream.
     *
     * @return texts of events, each with the empty line at its end
     */
    List<String> begin();

    /** Adds a piece. {@return its events in a stream} */
    List<String> piece(Piece piece);

    /** Adds the end of a reply. {@return its events in a stream} */
    List<String> ended(Ended ended);

    /** Returns the events at the end of a stream. */
    List<String> finish();

    /** Returns the event that reports an error in a stream. */
    default String failed(ApiException failure) {
        return Events.data(failure.body());
    }

    /** Returns everything added, as the body of an answer that is not streamed. */
    Map<String, @Nullable Object> whole();
}
