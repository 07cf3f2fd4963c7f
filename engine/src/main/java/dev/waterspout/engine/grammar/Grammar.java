package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A context-free grammar over bytes, as a recursive transition network (W. A. Woods, "Transition network grammars for
 * natural language analysis", 1970). Each rule is an automaton of places and steps. A step consumes one byte of a
 * range, no byte, or a text of another rule. Left recursion is refused. Immutable.
 */
public final class Grammar {
    /** Limit on the number of places in all rules together. */
    static final int MOST_PLACES = 200_000;

    /** Limit on the number of steps in all rules together. */
    static final int MOST_STEPS = 1_000_000;

    /** Name of the start rule. */
    public static final String ROOT = "root";

    /** A step that consumes one byte within a range. */
    record Take(int first, int last, int to) {}

    /** A step that consumes a text of a rule. */
    record Call(int rule, int to) {}

    /** The steps that leave a place. */
    private static final class Place {
        private final List<Take> takes = new ArrayList<>();
        private final List<Integer> skips = new ArrayList<>();
        private final List<Call> calls = new ArrayList<>();
    }

    private final List<Place> places = new ArrayList<>();
    private final int root;
    private final int[] begins;
    private final int[] ends;
    private final boolean[] leadsToEnd;
    private int steps;

    private Grammar(Map<String, Node> rules) {
        Map<String, Integer> numbers = new HashMap<>();
        rules.keySet().forEach(name -> numbers.put(name, numbers.size()));
        begins = new int[rules.size()];
        ends = new int[rules.size()];
        rules.forEach((name, node) -> {
            int rule = number(numbers, name);
            begins[rule] = place();
            ends[rule] = place();
            add(node, begins[rule], ends[rule], numbers);
        });
        root = number(numbers, ROOT);
        refuseLeftRecursion(List.copyOf(rules.keySet()));
        leadsToEnd = leadsToEnd();
        // A grammar without any text is refused here, so that its author gets the message before generation starts.
        if (new GrammarStates(this).begin() == GrammarStates.DEAD) {
            throw new GrammarException("the grammar allows no text, not even an empty one");
        }
    }

    /**
     * Compiles rules.
     *
     * @param rules rules by name; {@value #ROOT} is the start rule
     * @throws GrammarException if a rule is missing or left-recursive, a limit is exceeded, or the grammar allows no
     *     text
     */
    public static Grammar of(Map<String, Node> rules) {
        return new Grammar(new LinkedHashMap<>(rules));
    }

    private static int number(Map<String, Integer> numbers, String rule) {
        Integer number = numbers.get(rule);
        if (number == null) {
            throw new GrammarException(
                    "the grammar has no rule " + rule + (rule.equals(ROOT) ? "" : ", which another rule names"));
        }
        return number;
    }

    private int place() {
        if (places.size() == MOST_PLACES) {
            throw new GrammarException("the grammar has more than " + MOST_PLACES
                    + " places; repetitions of long parts, such as {0,1000}, take the most");
        }
        places.add(new Place());
        return places.size() - 1;
    }

    private void countStep() {
        if (++steps > MOST_STEPS) {
            throw new GrammarException("the grammar has more than " + MOST_STEPS
                    + " steps; repetitions of long choices, such as (a | b | ...){1000}, take the most");
        }
    }

    private void take(int at, int first, int last, int to) {
        countStep();
        places.get(at).takes.add(new Take(first, last, to));
    }

    private void skip(int at, int to) {
        countStep();
        places.get(at).skips.add(to);
    }

    private void add(Node node, int from, int to, Map<String, Integer> numbers) {
        switch (node) {
            case Node.Bytes(List<Byte> bytes) -> {
                int at = from;
                for (byte each : bytes) {
                    int next = place();
                    take(at, each & 0xff, each & 0xff, next);
                    at = next;
                }
                skip(at, to);
            }
            case Node.Characters(CharacterSet set) -> set.utf8().forEach(sequence -> addBytes(sequence, from, to));
            case Node.Sequence(List<Node> parts) -> {
                int at = from;
                for (Node part : parts) {
                    int next = place();
                    add(part, at, next, numbers);
                    at = next;
                }
                skip(at, to);
            }
            case Node.Choice(List<Node> parts) -> parts.forEach(part -> add(part, from, to, numbers));
            case Node.Repeat repeat -> addRepeat(repeat, from, to, numbers);
            case Node.Reference(String rule) -> {
                countStep();
                places.get(from).calls.add(new Call(number(numbers, rule), to));
            }
        }
    }

    private void addBytes(int[] sequence, int from, int to) {
        int at = from;
        for (int i = 0; i < sequence.length; i += 2) {
            int next = i + 2 == sequence.length ? to : place();
            take(at, sequence[i], sequence[i + 1], next);
            at = next;
        }
    }

    private void addRepeat(Node.Repeat repeat, int from, int to, Map<String, Integer> numbers) {
        int at = place();
        skip(from, at);
        for (int i = 0; i < repeat.least(); i++) {
            int next = place();
            add(repeat.part(), at, next, numbers);
            at = next;
        }
        if (repeat.most() < 0) {
            int back = place();
            add(repeat.part(), at, back, numbers);
            skip(back, at);
        }
        for (int i = repeat.least(); i < repeat.most(); i++) {
            int next = place();
            add(repeat.part(), at, next, numbers);
            skip(at, to);
            at = next;
        }
        skip(at, to);
    }

    /**
     * Finds the places that can be reached from the start of their rule without consuming a byte. Each place is visited
     * once.
     */
    private boolean[] reachedWithoutBytes() {
        boolean[] reached = new boolean[places.size()];
        boolean[] empties = new boolean[begins.length];
        Map<Integer, Integer> rulesOfEnds = new HashMap<>();
        IntStream.range(0, ends.length).forEach(rule -> rulesOfEnds.put(ends[rule], rule));
        List<List<Integer>> waiting =
                new ArrayList<>(); // places after a rule, followed once the rule is known to match the empty text
        Arrays.stream(begins).forEach(_ -> waiting.add(new ArrayList<>()));
        List<Integer> open = new ArrayList<>();
        Arrays.stream(begins).forEach(open::add);
        while (!open.isEmpty()) {
            int at = open.removeLast();
            if (reached[at]) {
                continue;
            }
            reached[at] = true;
            open.addAll(places.get(at).skips);
            for (Call call : places.get(at).calls) {
                (empties[call.rule()] ? open : waiting.get(call.rule())).add(call.to());
            }
            Integer rule = rulesOfEnds.get(at);
            if (rule != null) {
                empties[rule] = true;
                open.addAll(waiting.get(rule));
            }
        }
        return reached;
    }

    /** Searches the graph of the rules that each rule can begin with, depth first, and refuses a cycle. */
    private void refuseLeftRecursion(List<String> names) {
        boolean[] reached = reachedWithoutBytes();
        List<List<Integer>> first = new ArrayList<>();
        for (int rule = 0; rule < begins.length; rule++) {
            int end = rule + 1 < begins.length ? begins[rule + 1] : places.size();
            first.add(IntStream.range(begins[rule], end)
                    .filter(at -> reached[at])
                    .boxed()
                    .flatMap(at -> places.get(at).calls.stream())
                    .map(Call::rule)
                    .toList());
        }
        boolean[] finished = new boolean[begins.length];
        for (int rule = 0; rule < begins.length; rule++) {
            refuseLeftRecursion(rule, first, finished, names);
        }
    }

    private static void refuseLeftRecursion(
            int from, List<List<Integer>> first, boolean[] finished, List<String> names) {
        boolean[] inside = new boolean[finished.length];
        List<Integer> path = new ArrayList<>();
        List<Iterator<Integer>> rest = new ArrayList<>();
        int next = from;
        while (true) {
            if (inside[next]) {
                throw new GrammarException(
                        "rule " + names.get(next) + " begins with itself; a rule may end with itself");
            }
            if (!finished[next]) {
                inside[next] = true;
                path.add(next);
                rest.add(first.get(next).iterator());
            }
            while (!path.isEmpty() && !rest.getLast().hasNext()) {
                int done = path.removeLast();
                rest.removeLast();
                inside[done] = false;
                finished[done] = true;
            }
            if (path.isEmpty()) {
                return;
            }
            next = rest.getLast().next();
        }
    }

    /** Returns the places from which the only path leads to the end of the rule, without consuming a byte. */
    private boolean[] leadsToEnd() {
        Map<Integer, List<Integer>> before = new HashMap<>();
        for (int at = 0; at < places.size(); at++) {
            Place place = places.get(at);
            if (place.takes.isEmpty() && place.calls.isEmpty() && place.skips.size() == 1) {
                before.computeIfAbsent(place.skips.getFirst(), _ -> new ArrayList<>())
                        .add(at);
            }
        }
        boolean[] leads = new boolean[places.size()];
        List<Integer> open = new ArrayList<>();
        Arrays.stream(ends).forEach(open::add);
        while (!open.isEmpty()) {
            int at = open.removeLast();
            if (!leads[at]) {
                leads[at] = true;
                open.addAll(before.getOrDefault(at, List.of()));
            }
        }
        return leads;
    }

    int root() {
        return begins[root];
    }

    int begin(int rule) {
        return begins[rule];
    }

    /** Returns whether a place is the end of a rule. */
    boolean isEnd(int place) {
        return leadsToEnd[place];
    }

    List<Take> takes(int place) {
        return places.get(place).takes;
    }

    List<Integer> skips(int place) {
        return places.get(place).skips;
    }

    List<Call> calls(int place) {
        return places.get(place).calls;
    }
}
