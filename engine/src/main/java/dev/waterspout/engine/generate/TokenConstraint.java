package dev.waterspout.engine.generate;

/** What a text may go on with, token by token, as a grammar says. Belongs to one text; used by one thread. */
public interface TokenConstraint {
    /** Allows every token. */
    TokenConstraint NONE = new TokenConstraint() {
        @Override
        public void restrict(float[] logits) {}

        @Override
        public void accept(int token) {}
    };

    /**
     * Forbids tokens.
     *
     * @param logits by token; those of tokens that are not allowed become negative infinity
     * @throws GenerationException if no token is allowed
     */
    void restrict(float[] logits);

    /**
     * Takes the token that was chosen.
     *
     * @param token one that was allowed
     */
    void accept(int token);
}
