package dev.waterspout.engine.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** Matches one text against a grammar, token by token, while it is generated. Used by one thread. */
public final class GrammarMatcher {
    /** Largest number of cached sets of allowed tokens, one per state. */
    private static final int MOST_SETS = 256;

    private final Grammar grammar;
    private final TokenOrder order;
    private final Map<Integer, BitSet> known = new HashMap<>();
    private GrammarStates states;
    /** The text so far. It is matched again when the states are discarded. */
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();

    private int state;

    /**
     * @param grammar grammar of the text
     * @param order the vocabulary
     */
    public GrammarMatcher(Grammar grammar, TokenOrder order) {
        this.grammar = grammar;
        this.order = order;
        this.states = new GrammarStates(grammar);
        this.state = states.begin();
    }

    /** Returns the tokens that may follow, including end-of-text tokens. The caller must not change the set. */
    public BitSet allowed() {
        BitSet found = known.get(state);
        if (found == null) {
            states.beginToken();
            found = order.allowed(states, state);
            if (known.size() >= MOST_SETS) {
                known.clear();
            }
            known.put(state, found);
        }
        return found;
    }

    /** Returns whether the text so far matches the whole grammar. */
    public boolean mayEnd() {
        return states.mayEnd(state);
    }

    /**
     * Appends a token.
     *
     * @return whether it was allowed; if not, this object cannot be used any more
     */
    public boolean accept(int token) {
        if (order.ends(token)) {
            return mayEnd();
        }
        return accept(order.bytes(token));
    }

    /**
     * Appends a text.
     *
     * @return whether it was allowed; if not, this object cannot be used any more
     */
    public boolean accept(String taken) {
        return accept(taken.getBytes(StandardCharsets.UTF_8));
    }

    /** Appends bytes. {@return whether they were allowed} */
    boolean accept(byte[] bytes) {
        states.beginToken();
        for (byte each : bytes) {
            int next = states.next(state, each & 0xff);
            if (next == GrammarStates.DEAD) {
                return false;
            }
            state = next;
            text.write(each);
        }
        if (states.full()) {
            states = new GrammarStates(grammar);
            known.clear();
            state = states.begin();
            for (byte each : text.toByteArray()) {
                states.beginToken();
                state = states.next(state, each & 0xff);
            }
        }
        return true;
    }
}
