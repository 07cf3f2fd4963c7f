package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A pushdown automaton of a grammar, determinized lazily. A state is the set of all positions that a text can have
 * reached. A position is a place of the grammar and a stack of the places to return to. Used by one thread.
 */
final class GrammarStates {
    /** The state of a text that no text of the grammar begins with. */
    static final int DEAD = -1;

    private static final int UNKNOWN = -2;
    /** Limit on the number of positions in one state. A grammar that exceeds it is too ambiguous. */
    private static final int MOST_STANDS = 4096;
    /** Limit on the depth of the stack. */
    private static final int MOST_DEPTH = 512;
    /** Limit on the number of cached states. When it is exceeded, all states are discarded. */
    private static final int MOST_STATES = 20_000;

    /**
     * Limit on the number of positions and stack entries in all cached states. When it is exceeded, all states are
     * discarded.
     */
    private static final int MOST_KEPT = 300_000;
    /**
     * Limit on the number of positions and stack entries that one token may add, which bounds the memory of a grammar.
     */
    private static final int MOST_ADDED = 1_000_000;
    /** Limit on the number of steps followed for one token: about one second of work. */
    private static final long MOST_WORK = 20_000_000;

    private static final int BYTES = 256;

    private final Grammar grammar;
    /** Stack entries by number. Entry 0 is the empty stack. Stacks share their lower entries. */
    private final List<Return> returns = new ArrayList<>();

    private final Map<Return, Integer> returnNumbers = new HashMap<>();
    private final List<State> states = new ArrayList<>();
    private final Map<Set<Stand>, Integer> stateNumbers = new HashMap<>();

    /** A stack entry: a place to return to, the number of the entry below it, and the depth. */
    private record Return(int place, int next, int depth) {}

    /** A position: a place, and the number of the top stack entry. */
    private record Stand(int place, int returns) {}

    /** A state, with the next state for each byte. */
    @SuppressWarnings("ArrayRecordComponent") // filled lazily, never compared
    private record State(Set<Stand> stands, boolean mayEnd, int[] next) {}

    private int kept;
    private int keptBefore;
    private long work;

    GrammarStates(Grammar grammar) {
        this.grammar = grammar;
        returns.add(new Return(-1, 0, 0));
    }

    /** Returns the state of an empty text. */
    int begin() {
        return state(List.of(new Stand(grammar.root(), 0)));
    }

    /** Returns whether the text may end. */
    boolean mayEnd(int state) {
        return states.get(state).mayEnd();
    }

    /** Returns the state after one more byte; {@link #DEAD} if the byte is not allowed. */
    int next(int state, int value) {
        int[] next = states.get(state).next();
        if (next[value] == UNKNOWN) {
            List<Stand> stands = new ArrayList<>();
            for (Stand stand : states.get(state).stands()) {
                spend(grammar.takes(stand.place()).size(), 0);
                for (Grammar.Take take : grammar.takes(stand.place())) {
                    if (take.first() <= value && value <= take.last()) {
                        stands.add(new Stand(take.to(), stand.returns()));
                    }
                }
            }
            next[value] = stands.isEmpty() ? DEAD : state(stands);
        }
        return next[value];
    }

    /** Returns whether the cached states exceed their limits and should be discarded. */
    boolean full() {
        return states.size() > MOST_STATES || kept > MOST_KEPT;
    }

    /** Resets the counters of work and memory per token. */
    void beginToken() {
        work = 0;
        keptBefore = kept;
    }

    private void spend(int looked, int added) {
        work += looked;
        kept += added;
        if (work > MOST_WORK || kept - keptBefore > MOST_ADDED) {
            throw new GrammarException("the grammar needs more than "
                    + (work > MOST_WORK ? MOST_WORK + " steps" : MOST_ADDED + " places")
                    + " to find the tokens that may follow; it must be made less ambiguous");
        }
    }

    private int state(List<Stand> from) {
        Set<Stand> taking = new LinkedHashSet<>();
        boolean mayEnd = close(from, taking);
        if (taking.isEmpty() && !mayEnd) {
            return DEAD;
        }
        if (mayEnd) {
            taking.add(new Stand(-1, 0));
        }
        Integer known = stateNumbers.get(taking);
        if (known != null) {
            return known;
        }
        int[] next = new int[BYTES];
        Arrays.fill(next, UNKNOWN);
        Set<Stand> stands = new LinkedHashSet<>(taking);
        stands.remove(new Stand(-1, 0));
        spend(0, 1 + stands.size());
        states.add(new State(stands, mayEnd, next));
        stateNumbers.put(taking, states.size() - 1);
        return states.size() - 1;
    }

    /** Follows all steps that consume no byte. {@return whether the text may end} */
    private boolean close(List<Stand> from, Set<Stand> taking) {
        Set<Stand> seen = new LinkedHashSet<>();
        List<Stand> open = new ArrayList<>(from);
        boolean mayEnd = false;
        while (!open.isEmpty()) {
            Stand stand = open.removeLast();
            if (!seen.add(stand)) {
                continue;
            }
            if (seen.size() > MOST_STANDS) {
                throw new GrammarException("the grammar has more than " + MOST_STANDS
                        + " ways to read the same text; it must be made less ambiguous");
            }
            if (grammar.isEnd(stand.place())) {
                if (stand.returns() == 0) {
                    mayEnd = true;
                } else {
                    Return back = returns.get(stand.returns());
                    open.add(new Stand(back.place(), back.next()));
                }
                continue;
            }
            spend(1 + grammar.skips(stand.place()).size(), 0);
            grammar.skips(stand.place()).forEach(to -> open.add(new Stand(to, stand.returns())));
            for (Grammar.Call call : grammar.calls(stand.place())) {
                open.add(new Stand(grammar.begin(call.rule()), returnTo(call.to(), stand.returns())));
            }
            if (!grammar.takes(stand.place()).isEmpty()) {
                taking.add(stand);
            }
        }
        return mayEnd;
    }

    /**
     * Pushes a place to return to. A call at the end of a rule pushes nothing, so tail recursion does not deepen the
     * stack.
     */
    private int returnTo(int place, int next) {
        if (grammar.isEnd(place)) {
            return next;
        }
        Return added = new Return(place, next, returns.get(next).depth() + 1);
        if (added.depth() > MOST_DEPTH) {
            throw new GrammarException("the text has more than " + MOST_DEPTH + " rules inside each other");
        }
        return returnNumbers.computeIfAbsent(added, _ -> {
            spend(0, 1);
            returns.add(added);
            return returns.size() - 1;
        });
    }
}
