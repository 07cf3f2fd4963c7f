package dev.waterspout.engine.api;

import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.grammar.GrammarMatcher;
import java.util.BitSet;

/** A constraint that keeps a text within a grammar. */
final class GrammarConstraint implements TokenConstraint {
    private final GrammarMatcher matcher;

    GrammarConstraint(Grammar grammar, GrammarVocabulary vocabulary) {
        this.matcher = new GrammarMatcher(grammar, vocabulary.order());
    }

    @Override
    public void restrict(float[] logits) {
        BitSet allowed = matcher.allowed();
        if (allowed.isEmpty()) {
            throw new GrammarException("the grammar allows nothing that this model's vocabulary has a token for");
        }
        for (int token = allowed.nextClearBit(0); token < logits.length; token = allowed.nextClearBit(token + 1)) {
            logits[token] = Float.NEGATIVE_INFINITY;
        }
    }

    @Override
    public void accept(int token) {
        var _ = matcher.accept(token);
    }

    /** Appends text that precedes the reply. {@return whether the grammar allows it} */
    boolean accept(String text) {
        return matcher.accept(text);
    }

    /** Returns whether the text may end. */
    boolean mayEnd() {
        return matcher.mayEnd();
    }
}
