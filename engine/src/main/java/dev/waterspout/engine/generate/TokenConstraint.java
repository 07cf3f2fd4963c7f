package dev.waterspout.engine.generate;

/** The tokens that may follow in a text, for example by a grammar. Belongs to one text; used by one thread. */
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
     * Advances by the chosen token.
     *
     * @param token one that was allowed
     */
    void accept(int token);
}
