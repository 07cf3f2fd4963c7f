package dev.waterspout.engine.chat;

/** Reads the text that closes a call, which may arrive in pieces, with other text before it. */
final class ClosingText {
    private final String wanted;
    private boolean complete;

    /** @param wanted the closing text; empty if calls have none */
    ClosingText(String wanted) {
        this.wanted = wanted;
    }

    /**
     * Processes text after a call's arguments.
     *
     * @param text all unprocessed text
     * @return the number of processed characters; a possible beginning of the closing text is not processed
     */
    int take(String text) {
        if (complete) {
            return 0;
        }
        int at = text.indexOf(wanted);
        complete = at >= 0;
        return complete ? at + wanted.length() : text.length() - ToolCallReader.held(text, wanted);
    }

    /** Returns whether the closing text has been processed. */
    boolean complete() {
        return complete;
    }
}
