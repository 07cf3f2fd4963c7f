package dev.waterspout.engine.api;

import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.grammar.GrammarMatcher;
import java.util.BitSet;
import java.util.function.Supplier;

/** A constraint that keeps a text within a grammar. */
final class GrammarConstraint implements TokenConstraint {
    private final GrammarMatcher matcher;

    GrammarConstraint(Grammar grammar, GrammarVocabulary vocabulary) {
        this.matcher = new GrammarMatcher(grammar, vocabulary.order());
    }

    @Override
    public void restrict(float[] logits) {
        BitSet allowed = following(matcher::allowed);
        if (allowed.isEmpty()) {
            throw new GenerationException("the grammar allows nothing that this model's vocabulary has a token for");
        }
        for (int token = allowed.nextClearBit(0); token < logits.length; token = allowed.nextClearBit(token + 1)) {
            logits[token] = Float.NEGATIVE_INFINITY;
        }
    }

    @Override
    public void accept(int token) {
        var _ = following(() -> matcher.accept(token));
    }

    /** Takes text that came before; returns whether the grammar has it. */
    boolean accept(String text) {
        return following(() -> matcher.accept(text));
    }

    /**
     * A grammar that turns out to be beyond its limits, or that this program fails to follow, ends its own reply
     * alone.
     */
    private static <T> T following(Supplier<T> step) {
        try {
            return step.get();
        } catch (GrammarException beyond) {
            throw new GenerationException(String.valueOf(beyond.getMessage()));
        } catch (RuntimeException failure) {
            throw new GenerationException("the grammar could not be followed, a fault of this program: " + failure);
        }
    }

    /** Returns whether the text may end. */
    boolean mayEnd() {
        return following(matcher::mayEnd);
    }
}
